// Breaks as a student's build does: a name that is not there.
console.log("building the page, version 1");
writePage("index.html");
