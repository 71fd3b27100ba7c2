from madang.main import app

app(prog_name="madang")
