// The timeline: one bar a session while they fit, else counts.

const maxLanes = 36, laneHeight = 20, maxLabels = 80, axisHeight = 24;
const kinds = ["trouble", "noted", "quiet"];
const kindOf = row => kinds[2 - row.rank];
const spanKind = state => ["quiet", "trouble", "noted"][state];

function setRange(range) {
  if (range) {
    const least = 1000, length = Math.max(range[1] - range[0], least);
    let from = Math.max(range[0], whole[0]);
    from = Math.max(Math.min(from, whole[1] - length), whole[0]);
    range = length >= whole[1] - whole[0] ? null : [from, Math.min(from + length, whole[1])];
  }
  state.range = range;
  state.page = 1;
  update();
}
const range = () => state.range || whole;
function zoom(factor, at = 0.5) {
  const [from, to] = range();
  const middle = from + (to - from) * at;
  setRange([middle - (middle - from) * factor, middle + (to - middle) * factor]);
}
function pan(share) {
  const [from, to] = range();
  const step = Math.max(Math.min((to - from) * share, whole[1] - to), whole[0] - from);
  if (state.range) setRange([from + step, to + step]);
}

// scaleOf lays time out from left to right. Long times in which nothing began or ended are cut short, so that a capture over
// days shows what happened in seconds. It maps a time to its place, at() maps back.
const edge = 6, cutWidth = 46, leastPiece = 18;
function scaleOf(from, to, width) {
  const room = width - 2 * edge, pieces = piecesOf(from, to, Math.floor(room / (3 * cutWidth)));
  const cuts = pieces.filter(p => p.cut).length, live = pieces.length - cuts;
  const lasted = pieces.reduce((n, p) => n + (p.cut ? 0 : p.to - p.from), 0) || 1;
  const shared = room - cuts * cutWidth - live * leastPiece;
  let left = edge;
  for (const p of pieces) {
    p.left = left;
    left = p.right = left + (p.cut ? cutWidth : leastPiece + shared * (p.to - p.from) / lasted);
  }
  const place = (p, us) => p.left + (us - p.from) / (p.to - p.from || 1) * (p.right - p.left);
  const x = us => us < from ? -4 : us > to ? width + 4 : place(pieces.find(p => us <= p.to) || pieces[pieces.length - 1], us);
  x.at = px => {
    const p = pieces.find(p => px <= p.right) || pieces[pieces.length - 1];
    return Math.max(from, Math.min(to, p.from + (px - p.left) / (p.right - p.left) * (p.to - p.from)));
  };
  x.pieces = pieces;
  return x;
}

// piecesOf divides a time where nothing began or ended for long, at most so many times.
function piecesOf(from, to, most) {
  const moments = [from, to];
  const see = us => { if (us > from && us < to) moments.push(us); };
  for (const row of found) {
    see(row.start);
    see(row.end);
    for (const [offset, length] of row.spans) { see(row.start + offset); see(row.start + offset + length); }
  }
  moments.sort((a, b) => a - b);
  if (moments.length < 4) return [{from, to}];
  const gaps = moments.slice(1).map((us, i) => [moments[i], us]).sort((a, b) => b[1] - b[0] - a[1] + a[0]);
  const kept = [];
  let left = to - from;
  for (const [begin, end] of gaps) {
    if (kept.length >= most || end - begin < Math.max(left / 12, 1e6)) break;
    kept.push([begin, end]);
    left -= end - begin;
  }
  kept.sort((a, b) => a[0] - b[0]);
  const pieces = [];
  let at = from;
  for (const [begin, end] of kept) {
    pieces.push({from: at, to: begin}, {from: begin, to: end, cut: true});
    at = end;
  }
  return [...pieces, {from: at, to}];
}

function renderTime() {
  const box = byId("time-box");
  const width = printing ? paperWidth : Math.max(box.clientWidth || 640, 240);
  const [from, to] = range();
  const x = scale = scaleOf(from, to, width);
  const label = found.length > maxLabels ? () => "" : width < 600 ? row => "#" + row.id : labelOf;
  const lanes = found.length <= 400 ? lanesOf(found, x, width, label) : null;
  const transfers = transferLanes(x, width);
  box.replaceChildren(...[lanes ? (single ? null : drawLanes(lanes, x, width)) : drawCounts(found, x, width), transfers && drawTransfers(transfers, x, width)].filter(Boolean));
  byId("timeline").hidden = single && !transfers;
  const failing = found.filter(row => row.failed).length;
  byId("time-said").textContent = moment(from) + " to " + moment(to) + " " + zoneName() + ", " + plural(found.length, "session") + (failing ? ", " + number(failing) + " with failures" : "");
  byId("time-out").disabled = byId("time-all").disabled = byId("time-left").disabled = byId("time-right").disabled = !state.range;
}
let scale = null;

// transferLanes gives each transfer of the range a lane; null when there are none, or too many.
function transferLanes(x, width) {
  const [from, to] = range(), list = [];
  for (const row of found) {
    for (const [i, [offset, length, n, state]] of row.spans.entries()) {
      const start = row.start + offset;
      if (start <= to && start + length >= from) list.push({id: row.id, n, state, start, end: start + length, name: row.named[i]});
      if (list.length > maxLanes) return null;
    }
  }
  return list.length ? lanesOf(list, x, width, t => "#" + t.id + "." + t.n + (width < 600 ? "" : " " + t.name)) : null;
}

function drawTransfers({placed, count}, x, width) {
  const top = 22, height = top + count * laneHeight + axisHeight;
  const svg = draw("svg", {viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": "Transfers as bars over time"});
  drawAxis(svg, x, width, height);
  svg.append(draw("text", {class: "label halo", x: 8, y: 14}, "transfers"));
  for (const {row: t, left, bar, label, before, from, to, lane} of placed) {
    const y = top + lane * laneHeight;
    svg.append(draw("rect", {class: "part " + spanKind(t.state), x: left, y: y + 4, width: bar, height: 9, rx: 2}));
    if (label) svg.append(draw("text", {class: t.state === 1 ? "mark halo" : "halo", x: before ? left - 4 : left + bar + 4, y: y + 13, "text-anchor": before ? "end" : "start"}, label));
    svg.append(draw("rect", {class: "hit", x: from - 3, y, width: to - from + 3, height: laneHeight, rx: 3, onclick: () => { if (!dragged) show(t.id, t.n); }},
      draw("title", null, `Transfer ${t.id}.${t.n}, ${t.name}: ${moment(t.start)}, ${span(t.end - t.start)}`)));
  }
  return svg;
}

// labelOf is what stands beside a session's bar.
const labelOf = row => "#" + row.id + (row.rank === 2 && row.worst ? " " + titleOf(row.worst) : row.failed ? " failed" : "");
const labelWidth = label => label ? label.length * 6.6 + 12 : 0;

// lanesOf gives each session, with its label, the first lane that is free; null when there are too many. At the right edge
// the label stands before the bar.
function lanesOf(list, x, width, labelOf) {
  const free = [];
  const placed = list.map(row => {
    const left = x(row.start), bar = Math.max(x(row.end) - left, 5);
    let label = labelOf(row);
    let wide = labelWidth(label);
    const before = left + bar + wide > width;
    if (before && left < wide) label = "";
    if (!label) wide = 0;
    return {row, left, bar, label, before, from: left - (before ? wide : 0), to: left + bar + (before ? 0 : wide) + 4};
  }).sort((a, b) => a.from - b.from);
  for (const item of placed) {
    item.lane = free.findIndex(until => until <= item.from);
    if (item.lane < 0) item.lane = free.push(0) - 1;
    if (free.length > maxLanes) return null;
    free[item.lane] = item.to;
  }
  return {placed, count: Math.max(free.length, 1)};
}

function drawLanes({placed, count}, x, width) {
  const top = 8, height = top + count * laneHeight + axisHeight;
  const svg = draw("svg", {viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": "Sessions as bars over time, their transfers as bars within"});
  drawAxis(svg, x, width, height);
  for (const {row, left, bar, label, before, from, to, lane} of placed) {
    const y = top + lane * laneHeight;
    svg.append(draw("rect", {class: "life " + kindOf(row), x: left, y: y + 2, width: bar, height: 14, rx: 2}));
    for (const [offset, length, , state] of row.spans) {
      const a = x(row.start + offset);
      svg.append(draw("rect", {class: "part " + spanKind(state), x: a, y: y + 6, width: Math.max(Math.min(x(row.start + offset + length), left + bar) - a, 2), height: 6}));
    }
    if (label) svg.append(draw("text", {class: row.rank === 2 ? "mark halo" : "halo", x: before ? left - 4 : left + bar + 4, y: y + 13, "text-anchor": before ? "end" : "start"}, label));
    svg.append(draw("rect", {class: "hit", x: from - 3, y, width: to - from + 3, height: laneHeight, rx: 3, onclick: () => { if (!dragged) show(row.id); }},
      draw("title", null, `Session ${row.id}, ${row.client} → ${row.server}: ${row.sums || "no transfer"}`)));
  }
  return svg;
}

function drawCounts(list, x, width) {
  const bins = Math.max(20, Math.floor(width / 8)), w = (width - 2 * edge) / bins;
  const empty = () => Array.from({length: bins}, () => [0, 0, 0]);
  const sessions = empty(), transfers = empty();
  const bin = us => Math.max(0, Math.min(bins - 1, Math.floor((x(us) - edge) / w)));
  const [from, to] = range();
  for (const row of list) {
    sessions[bin(row.start)][2 - row.rank]++;
    for (const [offset, , , state] of row.spans) {
      const at = row.start + offset;
      if (at >= from && at <= to) transfers[bin(at)][kinds.indexOf(spanKind(state))]++;
    }
  }
  const panel = 92, height = 2 * panel + axisHeight;
  const svg = draw("svg", {viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": "How many sessions and transfers began when, by how they went"});
  drawAxis(svg, x, width, height);
  [[sessions, "sessions begun", 0], [transfers, "transfers begun", panel]].forEach(([counts, name, top]) => {
    const most = Math.max(1, ...counts.map(c => c[0] + c[1] + c[2]));
    const room = panel - 24;
    counts.forEach((c, i) => {
      const left = edge + i * w;
      let y = top + panel;
      c.forEach((n, k) => {
        if (!n) return;
        const tall = Math.max(n / most * room, 1.5);
        y -= tall;
        svg.append(draw("rect", {class: kinds[k], x: left + 0.5, y, width: Math.max(w - 1, 1), height: tall}));
      });
      if (c[0] + c[1] + c[2]) svg.append(draw("rect", {class: "hit", x: left, y: top + 18, width: w, height: panel - 18,
        onclick: () => { if (!dragged) setRange([x.at(left - w), x.at(left + 2 * w)]); }},
      draw("title", null, `${moment(x.at(left))}: ${number(c[0] + c[1] + c[2])} ${name}, ${number(c[0])} in trouble`)));
    });
    svg.append(draw("text", {class: "label halo", x: 8, y: top + 15}, `${name}, at most ${number(most)} in a bar`));
  });
  return svg;
}

const steps = [1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7, 1.5e7, 3e7, 6e7, 1.2e8, 3e8, 6e8, 9e8, 1.8e9, 3.6e9, 7.2e9, 1.08e10, 2.16e10, 4.32e10,
  8.64e10, 1.728e11, 6.048e11, 2.592e12, 7.776e12, 3.1536e13, 3.1536e14];

// drawAxis marks times on the axis, each where it has room: the day stands before the first of it where there are several, and
// what was cut short says how long it lasted.
function drawAxis(svg, x, width, height) {
  let taken = 0, day = "";
  const mark = (us, step) => {
    const at = x(us), today = dayOf(us);
    const clock = step < 1e6 ? iso(us).slice(11, 23) : step < 6e7 ? iso(us).slice(11, 19) : iso(us).slice(11, 16);
    const text = step >= 8.64e10 ? today : dated && today !== day ? today.slice(dayOf(whole[0]).slice(0, 4) === dayOf(whole[1]).slice(0, 4) ? 5 : 0) + " " + clock : clock;
    const half = text.length * 3.4 + 4;
    const middle = Math.max(half, Math.min(at, width - half));
    svg.append(draw("line", {class: "grid", x1: at, x2: at, y1: 0, y2: height - axisHeight + 4}));
    if (middle - half < taken) return;
    svg.append(draw("text", {x: middle, y: height - 7, "text-anchor": "middle"}, text));
    [taken, day] = [middle + half, today];
  };
  for (const piece of x.pieces) {
    const lasts = piece.to - piece.from, wide = piece.right - piece.left;
    if (piece.cut) {
      svg.append(draw("rect", {class: "cut", x: piece.left, y: 0, width: wide, height: height - axisHeight + 4}, draw("title", null, span(lasts) + " in which nothing began or ended")),
        draw("text", {class: "cut-label", x: piece.left + wide / 2, y: height - axisHeight, "text-anchor": "middle"}, span(lasts).replace(/[.]\d+/, "")));
      continue;
    }
    const step = steps.find(s => s / lasts * wide > (dated ? 118 : lasts < 60e6 ? 110 : 88)) || steps[steps.length - 1];
    const first = Math.ceil((piece.from + ahead(piece.from)) / step) * step - ahead(piece.from);
    if (x.pieces.length > 1) mark(piece.from, Math.min(step, 1e6));
    for (let at = first; at <= piece.to; at += step) mark(at, step);
  }
}

let dragged = false;
function listenTime() {
  const box = byId("time-box");
  byId("time-in").addEventListener("click", () => zoom(0.5));
  byId("time-out").addEventListener("click", () => zoom(2));
  byId("time-left").addEventListener("click", () => pan(-0.5));
  byId("time-right").addEventListener("click", () => pan(0.5));
  byId("time-all").addEventListener("click", () => setRange(null));
  byId("whole-time").addEventListener("click", () => { setRange(null); byId("q").focus(); });
  box.addEventListener("keydown", event => {
    const act = {ArrowLeft: () => pan(-0.25), ArrowRight: () => pan(0.25), "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), "0": () => setRange(null),
      Home: () => pan(-1e9), End: () => pan(1e9)}[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
  box.addEventListener("wheel", event => {
    if (document.activeElement !== box && !event.ctrlKey) return; // the page scrolls
    event.preventDefault();
    const frame = box.getBoundingClientRect();
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) pan(event.deltaX / frame.width);
    else zoom(event.deltaY > 0 ? 1.25 : 0.8, (scale.at(event.clientX - frame.left) - range()[0]) / (range()[1] - range()[0]));
  }, {passive: false});
  let start = null;
  box.addEventListener("pointerdown", event => { start = event.button === 0 ? {x: event.clientX, range: range()} : null; dragged = false; });
  window.addEventListener("pointermove", event => {
    if (!start || !state.range || Math.abs(event.clientX - start.x) < 4 && !dragged) return;
    dragged = true;
    const move = (start.x - event.clientX) / box.clientWidth * (start.range[1] - start.range[0]);
    setRange([start.range[0] + move, start.range[1] + move]);
  });
  window.addEventListener("pointerup", () => { start = null; setTimeout(() => { dragged = false; }, 0); });
}

