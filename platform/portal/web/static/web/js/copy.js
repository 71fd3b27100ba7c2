// The copy button: says for a moment that it has copied.
document.addEventListener("alpine:init", () => {
  Alpine.data("copy", () => ({
    label: "",
    init() {
      this.label = this.$el.dataset.label;
    },
    async copy() {
      const button = this.$root;
      try {
        await navigator.clipboard.writeText(button.dataset.text);
      } catch {
        // Without a secure origin a browser keeps its clipboard: the older way still works there.
        const area = document.createElement("textarea");
        area.value = button.dataset.text;
        button.after(area);
        area.select();
        document.execCommand("copy");
        area.remove();
        button.focus();
      }
      this.label = button.dataset.done;
      setTimeout(() => (this.label = button.dataset.label), 2000);
    },
  }));
});
