"use strict";
// Everything here is a convenience: without it the page shows the same alerts, unfiltered.
(() => {
  const at = (id) => document.getElementById(id);
  const data = JSON.parse(at("data").textContent);
  const form = at("filter");
  if (!form) return;

  const number = new Intl.NumberFormat("en");
  const groups = [...document.querySelectorAll(".group")].map((element) => ({
    element,
    head: element.querySelector("summary"),
    alerts: [...element.querySelectorAll(".alert")].map((alert) => ({
      element: alert,
      level: alert.dataset.level,
      time: alert.dataset.time === undefined ? null : Number(alert.dataset.time),
      text: null,
    })),
    text: null,
  }));
  const shown = groups.reduce((sum, group) => sum + group.alerts.length, 0);
  let span = null; // [first bucket, last bucket] of the timeline, or all

  // Text is read on the first search, not at load: a page may hold megabytes of it.
  const ruleText = (group) => (group.text ??= [group.head, group.element.querySelector(".rule")]
    .map((part) => part.textContent).join(" ").toLowerCase());
  const alertText = (alert) => (alert.text ??= alert.element.textContent.toLowerCase());

  function apply() {
    const words = at("text").value.toLowerCase().split(/\s+/).filter(Boolean);
    const levels = new Set([...form.querySelectorAll("[name=level]:checked")].map((box) => box.value));
    const time = data.timeline;
    const from = span && time.start + span[0] * time.step;
    const to = span && time.start + (span[1] + 1) * time.step;
    let count = 0;
    for (const group of groups) {
      let fits = 0;
      const missing = words.filter((word) => !ruleText(group).includes(word));
      for (const alert of group.alerts) {
        const fit = levels.has(alert.level)
          && (!span || (alert.time !== null && alert.time >= from && alert.time < to))
          && missing.every((word) => alertText(alert).includes(word));
        alert.element.hidden = !fit;
        if (fit) fits += 1;
      }
      // A rule whose alerts all lie beyond the cap still answers to its own text.
      const bare = !group.alerts.length && !missing.length && !span
        && [...levels].some((level) => group.element.classList.contains(level));
      group.element.hidden = !fits && !bare;
      count += fits;
    }
    at("none").hidden = groups.some((group) => !group.element.hidden);
    at("status").textContent = count === shown
      ? `${number.format(shown)} alerts`
      : `${number.format(count)} of ${number.format(shown)} alerts`;
    showSpan(from, to);
  }

  function showSpan(from, to) {
    const stamp = (second) => new Date(second * 1000).toISOString().slice(0, 16).replace("T", " ");
    at("span").hidden = !span;
    const brush = at("brush");
    if (!brush) return;
    const slot = 100 / data.timeline.count;
    brush.setAttribute("x", `${span ? span[0] * slot : 0}%`);
    brush.setAttribute("width", `${span ? (span[1] - span[0] + 1) * slot : 0}%`);
    if (span) at("span").textContent = `${stamp(from)} to ${stamp(to)} ✕`;
  }

  function setText(text) {
    at("text").value = text;
    apply();
  }

  function reset() {
    span = null;
    form.reset();
    apply();
  }

  let timer = 0;
  at("text").addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(apply, 120);
  });
  form.addEventListener("change", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  at("reset").addEventListener("click", reset);
  at("span").addEventListener("click", () => {
    span = null;
    apply();
  });
  at("all").addEventListener("click", () => {
    const open = groups.some((group) => !group.element.hidden && !group.element.open);
    for (const group of groups) group.element.open = open;
    at("all").textContent = open ? "Fold all rules" : "Unfold all rules";
  });
  for (const link of document.querySelectorAll("[data-filter]")) {
    link.addEventListener("click", () => setText(link.dataset.filter));
  }

  const plot = at("plot");
  if (plot && data.timeline) {
    const { count } = data.timeline;
    const svg = plot.querySelector("svg");
    const bucket = (event) => {
      const box = svg.getBoundingClientRect();
      const place = Math.floor(((event.clientX - box.left) / box.width) * count);
      return Math.min(count - 1, Math.max(0, place));
    };
    let anchor = null;
    const between = (one, other) => [Math.min(one, other), Math.max(one, other)];
    svg.addEventListener("pointerdown", (event) => {
      anchor = bucket(event);
      svg.setPointerCapture(event.pointerId);
    });
    svg.addEventListener("pointermove", (event) => {
      if (anchor === null) return;
      span = between(anchor, bucket(event));
      const { start, step } = data.timeline;
      showSpan(start + span[0] * step, start + (span[1] + 1) * step);
    });
    svg.addEventListener("pointerup", (event) => {
      if (anchor === null) return;
      span = between(anchor, bucket(event));
      anchor = null;
      apply();
    });
    svg.addEventListener("pointercancel", () => {
      anchor = null;
    });
    // The same by keyboard: arrows move the span, with Shift they widen it, Escape clears it.
    plot.tabIndex = 0;
    plot.setAttribute("aria-label", "Timeline: arrow keys choose a time, Shift widens, Escape clears");
    plot.setAttribute("role", "group");
    plot.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.key === "Escape") span = null;
      else if (!step) return;
      else if (!span) span = step > 0 ? [0, 0] : [count - 1, count - 1];
      else {
        const end = Math.min(count - 1, Math.max(0, span[1] + step));
        span = event.shiftKey ? [Math.min(span[0], end), end] : [end, end];
      }
      event.preventDefault();
      apply();
    });
    plot.classList.add("live");
  }

  for (const element of document.querySelectorAll(".js")) element.hidden = false;
  apply();
})();
