import express from "express";

const VERSION = "version 1";
const port = process.env.PORT ?? 3000;

const app = express();

app.get("/", (request, response) => {
  response.type("text/plain").send(`Hello from Node, ${VERSION}\n`);
});

const server = app.listen(port, "0.0.0.0", (error) => {
  if (error) throw error;
  console.log(`listening on ${port}`);
});

// The platform sends SIGTERM before it stops a copy: answer what has begun, take nothing new.
process.on("SIGTERM", () => {
  console.log("finishing");
  server.close(() => process.exit(0));
});
