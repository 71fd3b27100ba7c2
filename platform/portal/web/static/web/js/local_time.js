// Moments that a page gives in UTC, in the time of whoever reads it; UTC stays as a hint.
function toLocalTime(root) {
  for (const time of root.querySelectorAll("time[data-local]")) {
    time.title ||= time.textContent;
    time.textContent = new Date(time.dateTime).toLocaleString(document.documentElement.lang, {
      dateStyle: "medium",
      timeStyle: "short",
    });
  }
}
document.addEventListener("DOMContentLoaded", () => toLocalTime(document));
document.addEventListener("htmx:afterSwap", (event) => toLocalTime(event.target));
