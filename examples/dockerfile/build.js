const version = "version 1";

console.log(`<!doctype html>
<meta charset="utf-8">
<title>Dockerfile</title>
<h1>Hello from a Dockerfile, ${version}</h1>`);
