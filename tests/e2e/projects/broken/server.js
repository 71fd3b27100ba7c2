import { createServer } from "node:http";

createServer((request, response) => response.end("never built\n")).listen(process.env.PORT);
