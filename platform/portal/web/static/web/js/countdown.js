// A moment that comes nearer: minutes and seconds, then the words for "any moment".
document.addEventListener("alpine:init", () => {
  Alpine.data("countdown", () => ({
    left: "",
    init() {
      this.tell();
      this.timer = setInterval(() => this.tell(), 500);
    },
    destroy() {
      clearInterval(this.timer);
    },
    tell() {
      const {until, over} = this.$root.dataset;
      const seconds = Math.ceil((new Date(until) - Date.now()) / 1000);
      const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      this.left = seconds > 0 ? clock : over;
    },
  }));
});
