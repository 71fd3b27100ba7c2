from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

VERSION = "version 1"
DISHES = ["김치찌개", "비빔밥", "떡볶이"]


def menu(request: HttpRequest) -> HttpResponse:
    return render(request, "menu.html", {"version": VERSION, "dishes": DISHES})
