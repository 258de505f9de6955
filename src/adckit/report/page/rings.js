"use strict";
// What is in the rings of a Krogh cylinder against the distance from the capillary, on a
// day that a slider chooses. Numbers come as 16-bit integers: 0 is the floor of the scale.
(() => {
  const source = document.getElementById("rings");
  if (!source) return;
  const HEIGHT = 300, LEFT = 58, RIGHT = 14, TOP = 12, BOTTOM = 38, STEPS = 65534;
  const NS = "http://www.w3.org/2000/svg";
  const colour = (n) => `var(--s${n % 7})`;

  function node(name, attributes, parent, text) {
    const made = document.createElementNS(NS, name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    if (text !== undefined) made.textContent = text;
    parent.appendChild(made);
    return made;
  }
  function element(name, properties, parent) {
    const made = Object.assign(document.createElement(name), properties);
    parent.appendChild(made);
    return made;
  }
  function shown(value) {
    const size = Math.abs(value);
    if (size !== 0 && (size >= 1e5 || size < 1e-3)) return value.toExponential(1);
    return String(Number(value.toPrecision(3)));
  }
  function decoded(map) {
    const bytes = Uint8Array.from(atob(map.packed), (c) => c.charCodeAt(0));
    const view = new DataView(bytes.buffer), [low, high] = map.range;
    return Float64Array.from({ length: bytes.length / 2 }, (_, i) => {
      const code = view.getUint16(2 * i, true);
      if (code === 0) return map.log ? 0 : low;
      const share = (code - 1) / STEPS;
      return map.log ? low * (high / low) ** share : low + share * (high - low);
    });
  }
  function ticks(low, high, wanted) {
    const raw = (high - low) / wanted, power = 10 ** Math.floor(Math.log10(raw));
    const step = power * [1, 2, 5, 10].find((m) => m * power >= raw * 0.999);
    const found = [];
    for (let k = Math.ceil(low / step - 1e-9); k * step <= high * (1 + 1e-9); k++) found.push(Number((k * step).toPrecision(12)));
    return found;
  }
  function decades(low, high) {
    const found = [];
    for (let k = Math.ceil(Math.log10(low)); k <= Math.log10(high); k++) found.push(10 ** k);
    return found;
  }

  function explorer(figure, rings) {
    const lines = rings.spacings.length, count = rings.rings, depth = Math.max(...rings.spacings.map((s) => s.depth));
    const values = rings.maps.map(decoded);
    let chosen = Math.max(0, rings.maps.findIndex((m) => m.key === "antibody_in_ring")), log = rings.maps[chosen].log;
    const tools = element("div", { className: "tools" }, figure);
    const scale = element("button", { type: "button", title: "switch the vertical axis" }, tools);
    const choice = element("div", { className: "legend choice" }, figure);
    choice.setAttribute("role", "group");
    choice.setAttribute("aria-label", "Quantity");
    const buttons = rings.maps.map((map, i) => {
      const button = element("button", { type: "button", textContent: map.title }, choice);
      button.onclick = () => { chosen = i; log = map.log; draw(); };
      return button;
    });
    const svg = node("svg", { role: "img" }, figure);
    const row = element("div", { className: "slider" }, figure);
    const slider = element("input", { type: "range", min: 0, max: rings.times.length - 1, step: 1, value: rings.start }, row);
    slider.setAttribute("aria-label", `Day shown, ${rings.product}`);
    const day = element("output", {}, row);
    if (lines > 1) {
      const legend = element("div", { className: "legend" }, figure);
      rings.spacings.forEach((spacing, i) => {
        const item = element("span", { className: "item" }, legend);
        element("i", {}, item).style.setProperty("--c", colour(i));
        element("span", { textContent: spacing.label }, item);
      });
    }
    const at = (t, line, ring) => values[chosen][(t * lines + line) * count + ring];

    function limits(map) {
      if (!log) return [0, map.range[1] * (map.unit === "%" ? 1 : 1.05)];
      return [map.log ? map.range[0] : map.range[1] / 1e3, map.range[1] * 1.3];
    }
    function draw() {
      const width = Math.max(280, figure.clientWidth), map = rings.maps[chosen], t = Number(slider.value);
      const right = width - RIGHT, floor = HEIGHT - BOTTOM, [low, high] = limits(map);
      const f = log ? Math.log : (v) => v;
      const x = (distance) => LEFT + (distance / depth) * (right - LEFT);
      const y = (v) => floor - ((f(Math.min(Math.max(v, low), high)) - f(low)) / (f(high) - f(low))) * (floor - TOP);
      svg.replaceChildren();
      svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
      svg.setAttribute("height", HEIGHT);
      for (const v of log ? decades(low, high) : ticks(low, high, 5)) {
        node("line", { class: "grid", x1: LEFT, x2: right, y1: y(v), y2: y(v) }, svg);
        node("text", { x: LEFT - 7, y: y(v) + 4, "text-anchor": "end" }, svg, shown(v));
      }
      node("text", { class: "soft", x: LEFT + 4, y: TOP + 2 }, svg, map.unit);
      for (const d of ticks(0, depth, Math.min(8, width / 80))) {
        node("line", { class: "axis", x1: x(d), x2: x(d), y1: floor, y2: floor + 4 }, svg);
        node("text", { x: x(d), y: floor + 16, "text-anchor": "middle" }, svg, String(d));
      }
      node("line", { class: "axis", x1: LEFT, x2: right, y1: floor, y2: floor }, svg);
      node("text", { class: "soft", x: right, y: HEIGHT - 4, "text-anchor": "end" }, svg, "µm from the wall of the capillary");
      const ends = [];
      rings.spacings.forEach((spacing, line) => {
        const place = (ring) => x(((ring + 0.5) / count) * spacing.depth).toFixed(1);
        const range = Array.from({ length: count }, (_, ring) => ring);
        if (lines === 1) {
          const most = range.map((ring) => Math.max(...rings.times.map((_, k) => at(k, line, ring))));
          const edge = range.map((ring) => `${place(ring)} ${y(most[ring]).toFixed(1)}`);
          node("path", { class: "band", fill: colour(0), d: `M${place(0)} ${floor}L${edge.join("L")}L${place(count - 1)} ${floor}Z` }, svg)
            .appendChild(document.createElementNS(NS, "title")).textContent = "most on any day";
        }
        let path = "", pen = false;
        for (const ring of range) { // a curve ends where it leaves the scale
          const value = at(t, line, ring), inside = value >= low;
          if (inside) path += `${pen ? "L" : "M"}${place(ring)} ${y(value).toFixed(1)}`;
          pen = inside;
        }
        node("path", { class: "curve", d: path, stroke: colour(line) }, svg);
        ends.push(`${shown(at(t, line, 0))} at the capillary, ${shown(at(t, line, count - 1))} at ${shown(spacing.depth)} µm`);
      });
      const now = `day ${rings.times[t].toFixed(rings.times[t] < 10 ? 2 : 1)}`;
      day.textContent = now;
      slider.setAttribute("aria-valuetext", now);
      svg.setAttribute("aria-label", `${map.title} on ${now}${map.unit ? ", in " + map.unit : ""}: ${ends.join("; ")}`);
      buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(i === chosen)));
      scale.textContent = log ? "logarithmic" : "linear";
    }
    slider.oninput = draw;
    scale.onclick = () => { log = !log; draw(); };
    new ResizeObserver(draw).observe(figure);
    draw();
  }

  const all = JSON.parse(source.textContent);
  document.querySelectorAll("figure.rings").forEach((figure) => explorer(figure, all[Number(figure.dataset.rings)]));
})();
