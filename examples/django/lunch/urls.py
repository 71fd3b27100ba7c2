from django.urls import path

from lunch.views import menu

urlpatterns = [path("", menu)]
