// Buttons that open and close a dialog, for browsers that do not know `command` yet.
if (!("command" in HTMLButtonElement.prototype)) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[commandfor]");
    const dialog = button && document.getElementById(button.getAttribute("commandfor"));
    if (!(dialog instanceof HTMLDialogElement)) return;
    if (button.getAttribute("command") === "show-modal") dialog.showModal();
    else dialog.close();
  });
}
// A question that is open stays: what is around it comes anew once it is answered.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.querySelector("dialog[open]")) event.detail.shouldSwap = false;
});
