"use strict";
// Line charts over days: crosshair with values, zoom by dragging, linear or logarithmic
// axis, curves that can be hidden. One SVG per panel, redrawn whole on every change.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const HEIGHT = 250, LEFT = 52, RIGHT = 12, TOP = 10, BOTTOM = 34, DECADES = 5;
  const NS = "http://www.w3.org/2000/svg";
  const colour = (n) => `var(--s${n % 7})`;

  function node(name, attributes, parent, text) {
    const made = document.createElementNS(NS, name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    if (text !== undefined) made.textContent = text;
    if (parent) parent.appendChild(made);
    return made;
  }
  function element(name, properties, parent) {
    const made = Object.assign(document.createElement(name), properties);
    parent.appendChild(made);
    return made;
  }
  function shown(value) {
    if (value === null || !isFinite(value)) return "–";
    const size = Math.abs(value);
    if (size !== 0 && (size >= 1e5 || size < 1e-3)) return value.toExponential(2);
    return String(Number(value.toPrecision(3)));
  }
  function ticks(low, high, wanted) {
    const raw = (high - low) / wanted, power = 10 ** Math.floor(Math.log10(raw));
    const step = power * [1, 2, 5, 10].find((m) => m * power >= raw * 0.999);
    const found = [];
    for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) found.push(k * step);
    return found.map((v) => Number(v.toPrecision(12)));
  }
  function decades(low, high) {
    const found = [], every = Math.max(1, Math.ceil(Math.log10(high / low) / 6));
    for (let k = Math.ceil(Math.log10(low)); k <= Math.log10(high); k += every) found.push(10 ** k);
    return found.length > 1 ? found : ticks(low, high, 4).filter((v) => v > 0);
  }
  function nearest(times, time) { // index of the point before a time
    let low = 0, high = times.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (times[middle] <= time) low = middle; else high = middle;
    }
    return low;
  }
  function valueAt(series, time, log) {
    const { t, v } = series, i = nearest(t, time);
    if (time < t[0] || time > t[t.length - 1] || v[i] === null || v[i + 1] === null) return null;
    const share = t[i + 1] > t[i] ? (time - t[i]) / (t[i + 1] - t[i]) : 0;
    if (log && v[i] > 0 && v[i + 1] > 0) return v[i] * (v[i + 1] / v[i]) ** share;
    return v[i] + share * (v[i + 1] - v[i]);
  }

  function chart(figure, panel) {
    const full = [0, Math.max(...panel.series.map((s) => s.t[s.t.length - 1]))];
    const state = { span: full, log: panel.log, hidden: new Set() };
    const tools = element("div", { className: "tools" }, figure);
    const scale = element("button", { type: "button" }, tools);
    const whole = element("button", { type: "button", textContent: "all", title: "show the whole time", hidden: true }, tools);
    const legend = element("div", { className: "legend" }, figure);
    const svg = node("svg", { role: "img" }, figure);
    const readout = [];
    panel.series.forEach((series, i) => {
      const button = element("button", { type: "button", title: "hide or show" }, legend);
      button.setAttribute("aria-pressed", "true");
      const line = element("i", { className: series.dashed ? "dashed" : "" }, button);
      line.style.setProperty("--c", colour(series.colour));
      element("span", { textContent: series.label }, button);
      readout.push(element("b", {}, button));
      button.onclick = () => {
        if (!state.hidden.delete(i)) state.hidden.add(i);
        button.setAttribute("aria-pressed", String(!state.hidden.has(i)));
        draw();
      };
    });
    const day = element("b", { className: "soft" }, legend);
    let view = null;

    function limits(visible) {
      const [from, to] = state.span, values = [];
      for (const s of visible) {
        s.t.forEach((t, i) => {
          if (t < from || t > to) return;
          values.push(s.v[i]);
          if (s.low) values.push(s.low[i], s.high[i]);
        });
      }
      for (const m of panel.marks) if (m.t >= from && m.t <= to) values.push(m.low, m.high);
      const known = values.filter((v) => v !== null && isFinite(v) && (!state.log || v > 0));
      if (!known.length) return state.log ? [0.1, 1] : [0, 1];
      let low = Math.min(...known), high = Math.max(...known);
      if (state.log) return [Math.max(low, high / 10 ** DECADES) / 1.4, high * 1.6];
      low = Math.min(0, low); high = Math.max(0, high);
      const room = (high - low || 1) * 0.06;
      return [low < 0 ? low - room : 0, high + room];
    }

    function draw() {
      const width = Math.max(280, figure.clientWidth);
      svg.replaceChildren();
      svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
      svg.setAttribute("height", HEIGHT);
      const visible = panel.series.filter((_, i) => !state.hidden.has(i));
      const [from, to] = state.span, [low, high] = limits(visible);
      const f = state.log ? Math.log : (x) => x, right = width - RIGHT, floor = HEIGHT - BOTTOM;
      const x = (t) => LEFT + ((t - from) / (to - from)) * (right - LEFT);
      const y = (v) => floor - ((f(v) - f(low)) / (f(high) - f(low))) * (floor - TOP);
      const clip = `clip-${figure.dataset.panel}`;
      node("rect", { x: LEFT, y: 0, width: right - LEFT, height: floor }, node("clipPath", { id: clip }, svg));
      for (const v of state.log ? decades(low, high) : ticks(low, high, 5)) {
        node("line", { class: "grid", x1: LEFT, x2: right, y1: y(v), y2: y(v) }, svg);
        node("text", { x: LEFT - 7, y: y(v) + 4, "text-anchor": "end" }, svg, shown(v));
      }
      for (const t of ticks(from, to, Math.min(8, width / 70))) {
        node("line", { class: "axis", x1: x(t), x2: x(t), y1: floor, y2: floor + 4 }, svg);
        node("text", { x: x(t), y: floor + 16, "text-anchor": "middle" }, svg, String(t));
      }
      node("line", { class: "axis", x1: LEFT, x2: right, y1: floor, y2: floor }, svg);
      node("text", { class: "soft", x: right, y: HEIGHT - 3, "text-anchor": "end" }, svg, "days");
      for (const t of data.doses) {
        if (t < from || t > to) continue;
        node("path", { d: `M${x(t) - 3.5} ${floor + 1}h7l-3.5 -6z`, fill: "var(--ink)" }, svg).appendChild(node("title", {}, null, `dose on day ${t}`));
      }
      for (const level of panel.levels) {
        if (level.value < low || level.value > high) continue;
        node("line", { class: "hair", x1: LEFT, x2: right, y1: y(level.value), y2: y(level.value) }, svg);
        node("text", { class: "soft", x: LEFT + 5, y: y(level.value) - 4 }, svg, level.label);
      }
      const inside = node("g", { "clip-path": `url(#${clip})` }, svg);
      for (const s of visible) {
        const place = (v) => Math.min(y(v), HEIGHT * 2);
        const ok = (v) => v !== null && (!state.log || v > 0);
        if (s.low) {
          const top = s.t.map((t, i) => (ok(s.high[i]) ? `${x(t).toFixed(1)} ${place(s.high[i]).toFixed(1)}` : null));
          const under = s.t.map((t, i) => (ok(s.high[i]) ? `${x(t).toFixed(1)} ${(ok(s.low[i]) ? place(s.low[i]) : floor).toFixed(1)}` : null));
          const ring = [...top, ...under.reverse()].filter((p) => p !== null);
          node("path", { class: "band", fill: colour(s.colour), d: `M${ring.join("L")}Z` }, inside);
        }
        let path = "", pen = false;
        s.t.forEach((t, i) => {
          if (s.v[i] === null || (state.log && s.v[i] <= 0)) { pen = false; return; }
          path += `${pen ? "L" : "M"}${x(t).toFixed(1)} ${place(s.v[i]).toFixed(1)}`;
          pen = true;
        });
        node("path", { class: "curve", d: path, stroke: colour(s.colour), "stroke-dasharray": s.dashed ? "6 3" : "none" }, inside);
      }
      for (const m of panel.marks) {
        if (m.t < from || m.t > to) continue;
        const group = node("g", { stroke: colour(m.colour), fill: "var(--paper)", "stroke-width": 1.6 }, svg);
        if (m.high > m.low) {
          const bottom = Math.min(m.low > 0 || !state.log ? y(m.low) : floor, floor);
          node("path", { d: `M${x(m.t)} ${y(m.high)}V${bottom}M${x(m.t) - 4} ${y(m.high)}h8M${x(m.t) - 4} ${bottom}h8` }, group);
        }
        node("circle", { cx: x(m.t), cy: y(m.value), r: 4 }, group);
        node("title", {}, group, `${m.label}: ${shown(m.value)} ${panel.unit}`);
      }
      const hair = node("line", { class: "hair", y1: TOP, y2: floor, visibility: "hidden" }, svg);
      const box = node("rect", { class: "box", y: TOP, height: floor - TOP, visibility: "hidden" }, svg);
      view = { x, hair, box, right, time: (px) => from + ((px - LEFT) / (right - LEFT)) * (to - from) };
      scale.textContent = state.log ? "logarithmic" : "linear";
      scale.title = `switch to a ${state.log ? "linear" : "logarithmic"} axis`;
      scale.hidden = panel.series.some((s) => s.v.some((v) => v !== null && v < 0));
      whole.hidden = state.span === full;
      const names = visible.map((s) => s.label).join(", ");
      svg.setAttribute("aria-label", `${panel.title}${panel.unit ? " in " + panel.unit : ""} over ${shown(to)} days: ${names}`);
    }

    const at = (event) => {
      const bounds = svg.getBoundingClientRect();
      const px = ((event.clientX - bounds.left) / bounds.width) * svg.viewBox.baseVal.width;
      return Math.min(Math.max(px, LEFT), view.right);
    };
    let start = null;
    svg.onpointerdown = (event) => { start = at(event); svg.setPointerCapture(event.pointerId); };
    svg.onpointermove = (event) => {
      const px = at(event), time = view.time(px);
      view.hair.setAttribute("x1", px); view.hair.setAttribute("x2", px);
      view.hair.setAttribute("visibility", "visible");
      panel.series.forEach((s, i) => { readout[i].textContent = state.hidden.has(i) ? "" : shown(valueAt(s, time, state.log)); });
      day.textContent = `day ${time.toFixed(time < 10 ? 2 : 1)}`;
      if (start === null) return;
      view.box.setAttribute("x", Math.min(px, start));
      view.box.setAttribute("width", Math.abs(px - start));
      view.box.setAttribute("visibility", "visible");
    };
    svg.onpointerup = (event) => {
      const end = at(event), begun = start;
      start = null;
      if (begun !== null && Math.abs(end - begun) > 8) {
        state.span = [Math.min(begun, end), Math.max(begun, end)].map(view.time);
      }
      draw();
    };
    svg.onpointercancel = () => { start = null; draw(); };
    svg.onpointerleave = () => {
      view.hair.setAttribute("visibility", "hidden");
      readout.forEach((text) => { text.textContent = ""; });
      day.textContent = "";
    };
    svg.ondblclick = whole.onclick = () => { state.span = full; draw(); };
    scale.onclick = () => { state.log = !state.log; draw(); };
    new ResizeObserver(draw).observe(figure);
    draw();
  }

  document.querySelectorAll("figure.chart").forEach((figure) => chart(figure, data.panels[Number(figure.dataset.panel)]));
})();
