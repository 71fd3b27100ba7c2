// Moments that a page gives in UTC, in the time of whoever reads it. Where the moment itself is shown, UTC stays as a
// hint; where it is told how long ago it was, the moment is the hint.
function toLocalTime(root) {
  for (const time of root.querySelectorAll("time[data-local], time[title]")) {
    const local = new Date(time.dateTime).toLocaleString(document.documentElement.lang, {
      dateStyle: "medium",
      timeStyle: "short",
    });
    if ("local" in time.dataset) {
      time.title ||= time.textContent;
      time.textContent = local;
    } else time.title = local;
  }
}
document.addEventListener("DOMContentLoaded", () => toLocalTime(document));
document.addEventListener("htmx:afterSwap", (event) => toLocalTime(event.target));
