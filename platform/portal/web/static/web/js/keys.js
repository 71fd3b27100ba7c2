// One key for what stands under it: data-key names the key, within the focused [data-keys] or the page's only one.
// A link is followed; with data-key-does="focus" the element is focused, so that Enter does it. Never while typing.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (typing || document.querySelector("dialog[open]")) return;
  const groups = document.querySelectorAll("[data-keys]");
  const group = event.target.closest?.("[data-keys]") ?? (groups.length === 1 ? groups[0] : null);
  const wanted = group && [...group.querySelectorAll("[data-key]")].find((each) => each.dataset.key === event.key);
  if (!wanted) return;
  event.preventDefault();
  if (wanted.dataset.keyDoes === "focus") {
    wanted.scrollIntoView({ block: "center" });
    wanted.focus();
  } else {
    wanted.click();
  }
});
