// A log that grows: server-sent events append lines, which are text and never HTML.
document.addEventListener("alpine:init", () => {
  const MOST_LINES = 5000;
  const AGAIN_MS = 3000;
  const clock = new Intl.DateTimeFormat([], {hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23"});

  function row([, at, kind, parts, source]) {
    const line = document.createElement("div");
    line.className = `log-line log-${kind}`;
    const time = document.createElement("time");
    time.dateTime = at;
    time.textContent = clock.format(new Date(at));
    line.append(time);
    if (source) {
      const name = document.createElement("span");
      name.className = "log-source";
      name.textContent = source;
      line.append(name);
    }
    const text = document.createElement("span");
    for (const [classes, words] of parts) {
      if (!classes) {
        text.append(words);
        continue;
      }
      const part = document.createElement("span");
      part.className = classes;
      part.textContent = words;
      text.append(part);
    }
    line.append(text);
    return line;
  }

  Alpine.data("liveLog", () => ({
    following: true,
    wrapped: true,
    said: "",
    found: "",
    place: -1,
    hits: [],
    wanted: "",
    events: null,
    last: "",
    again: 0,
    lines: null,
    words: null,

    init() {
      this.words = this.$root.dataset;
      this.lines = this.$root.querySelector(".log-lines");
      for (const time of this.lines.querySelectorAll("time")) time.textContent = clock.format(new Date(time.dateTime));
      this.said = this.$root.querySelector("[x-text=said]").textContent;
      this.toEnd();
      if (this.words.events) this.connect();
    },
    destroy() {
      clearTimeout(this.again);
      this.events?.close();
    },
    connect() {
      // The browser comes again by itself, and says with Last-Event-ID what it has; but not after an answer that is
      // no stream, such as a gateway's while the portal is replaced.
      const events = new EventSource(this.words.events);
      this.events = events;
      for (const [name, hear] of Object.entries({lines: this.add, place: this.wait, end: this.end})) {
        events.addEventListener(name, (event) => {
          if (event.lastEventId) this.last = event.lastEventId;
          hear.call(this, JSON.parse(event.data));
        });
      }
      events.addEventListener("open", () => (this.said = this.said === this.words.gone ? "" : this.said));
      events.addEventListener("error", () => {
        this.said = this.words.gone;
        if (events.readyState === EventSource.CLOSED) this.again = setTimeout(() => this.connectAgain(), AGAIN_MS);
      });
    },
    connectAgain() {
      if (this.last) {
        const address = new URL(this.words.events, location.href);
        address.searchParams.set("after", this.last);
        this.words.events = address.pathname + address.search;
      }
      this.connect();
    },
    wait(told) {
      this.said = told.what;
    },
    add(rows) {
      this.said = "";
      const added = rows.map(row);
      this.lines.append(...added);
      const extra = this.lines.children.length - MOST_LINES;
      for (let number = 0; number < extra; number++) this.lines.firstElementChild.remove();
      if (this.wanted) this.mark();
      if (this.following) this.toEnd();
    },
    end(told) {
      this.events.close();
      this.said = this.words[told.state] ?? told.what ?? "";
      window.htmx?.trigger(document.body, "log-ended");
    },

    get followWord() {
      return this.following ? this.words.pause : this.words.follow;
    },
    get pressedFollow() {
      return String(this.following);
    },
    get pressedWrap() {
      return String(this.wrapped);
    },
    toggleFollow() {
      this.following = !this.following;
      if (this.following) this.toEnd();
    },
    toggleWrap() {
      this.wrapped = !this.wrapped;
      this.lines.classList.toggle("log-unwrapped", !this.wrapped);
    },
    toEnd() {
      this.lines.scrollTop = this.lines.scrollHeight;
    },
    scrolled() {
      const left = this.lines.scrollHeight - this.lines.scrollTop - this.lines.clientHeight;
      if (left > 40) this.following = false;
    },

    search(event) {
      this.wanted = event.target.value.toLowerCase();
      this.place = -1;
      this.mark();
      if (this.hits.length) this.next();
    },
    mark() {
      this.hits = [];
      if (this.place < 0) this.lines.querySelector(".log-here")?.classList.remove("log-here");
      for (const line of this.lines.children) {
        const hit = Boolean(this.wanted) && line.lastElementChild.textContent.toLowerCase().includes(this.wanted);
        line.classList.toggle("log-hit", hit);
        if (hit) this.hits.push(line);
      }
      this.tell();
    },
    next() {
      this.go(1);
    },
    go(step) {
      if (!this.hits.length) return;
      this.following = false;
      this.hits[this.place]?.classList.remove("log-here");
      this.place = (this.place + step + this.hits.length) % this.hits.length;
      this.hits[this.place].classList.add("log-here");
      this.hits[this.place].scrollIntoView({block: "center"});
      this.tell();
    },
    tell() {
      this.found = this.wanted ? `${this.hits.length ? this.place + 1 : 0}/${this.hits.length} ${this.words.matches}` : "";
    },

    // Only while the log itself has the focus: elsewhere these are letters.
    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const keys = {
        f: () => this.toggleFollow(),
        w: () => this.toggleWrap(),
        n: () => this.go(1),
        N: () => this.go(-1),
        "/": () => this.$root.querySelector("input[type=search]").focus(),
        End: () => {
          this.following = true;
          this.toEnd();
        },
      };
      if (!keys[event.key]) return;
      event.preventDefault();
      keys[event.key]();
    },
  }));
});
