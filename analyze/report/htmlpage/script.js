"use strict";
// What the wire said only ever becomes text: elements are made by make(), never out of strings.
(() => {
const byId = id => document.getElementById(id);
const read = id => JSON.parse(byId(id).textContent);
const svgNS = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === false || value === undefined || value === null) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter(c => c !== null && c !== undefined && c !== ""));
  return node;
}
const make = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const draw = (tag, attributes, ...children) => fill(document.createElementNS(svgNS, tag), attributes, children);
const isolated = text => make("bdi", null, text);

const meta = read("meta");
const severities = meta.severities;
const rows = read("rows").map(r => {
  const [id, start, length, client, server, user, mode, modes, initiator, initiators, sums, transfers, failed, bytes, outcomes, gravity, counts,
    findings, hosts, names, spans, rank, login, tls] = r;
  return {id, start, end: start + length, client, server, user, mode, modes, initiator, initiators, sums, transfers, failed, bytes, outcomes, gravity,
    counts, findings, hosts, names, spans, rank, login, tls};
});
rows.forEach((row, i) => { row.index = i; });
const byNumber = new Map(rows.map(row => [row.id, row]));
byId("rows").remove();

// Words.

const number = n => n.toLocaleString("en-US");
const plural = (n, thing) => number(n) + " " + thing + (n === 1 ? "" : "s");
function size(n) {
  if (n < 1000) return n + " B";
  for (const unit of ["kB", "MB", "GB", "TB", "PB"]) {
    n /= 1000;
    if (n < 999.95) return n.toFixed(1) + " " + unit;
  }
  return (n / 1000).toFixed(1) + " EB";
}
const party = initiator => initiator === "third-party" ? "third party" : initiator;
const iso = us => new Date(us / 1000).toISOString();
const moment = us => iso(us).slice(0, 19).replace("T", " ");
const whole = rows.reduce((w, r) => [Math.min(w[0], r.start), Math.max(w[1], r.end)], [Infinity, -Infinity]);
if (!rows.length) whole.fill(0);
if (whole[1] - whole[0] < 1000) whole[1] = whole[0] + 1000;

// The state is what the address says after #, so that a view can be kept and sent.

const pageSize = 50;
const fields = ["q", "mode", "initiator", "outcome", "severity", "finding", "host"];
const normal = () => ({q: "", mode: "", initiator: "", outcome: "", severity: "", finding: "", host: "", sort: meta.worst ? "-findings" : "id", page: 1,
  open: new Set(), range: null});
let state = normal();
let found = rows;
let printing = false;
const paperWidth = 700;

function readHash() {
  const hash = location.hash.slice(1);
  const session = /^s(\d+)$/.exec(hash);
  if (session) return show(Number(session[1]));
  if (hash !== "" && !hash.includes("=")) return;
  const next = normal();
  const parameters = new URLSearchParams(hash);
  for (const name of fields) next[name] = parameters.get(name) || "";
  if (Object.hasOwn(columns, (parameters.get("sort") || "").replace("-", ""))) next.sort = parameters.get("sort");
  next.page = Math.max(1, Math.floor(Number(parameters.get("page"))) || 1);
  for (const id of (parameters.get("open") || "").split(",")) if (byNumber.has(Number(id)) && next.open.size < 20) next.open.add(Number(id));
  const range = (parameters.get("time") || "").split("-").map(Number);
  if (range.length === 2 && range.every(Number.isFinite) && range[0] < range[1]) next.range = range.map(ms => ms * 1000);
  const arrived = hash !== "" && (next.finding !== state.finding || next.host !== state.host) && !fields.some(f => f !== "finding" && f !== "host" && next[f]);
  state = next;
  for (const name of fields) byId(name).value = state[name];
  if (byId("finding").value !== state.finding) state.finding = "";
  update();
  if (arrived && started) goTo(byId("sessions"));
}

function writeHash() {
  const p = new URLSearchParams();
  for (const name of fields) if (state[name]) p.set(name, state[name]);
  if (state.sort !== normal().sort) p.set("sort", state.sort);
  if (state.page > 1) p.set("page", state.page);
  if (state.open.size) p.set("open", [...state.open].join(","));
  if (state.range) p.set("time", state.range.map(us => Math.round(us / 1000)).join("-"));
  const hash = p.toString().replace(/%2C/g, ",");
  if (hash !== location.hash.slice(1) && !(hash === "" && !location.hash.includes("="))) {
    try { history.replaceState(null, "", "#" + hash); } catch (e) { /* some browsers limit how often */ }
  }
}

function goTo(node) {
  node.scrollIntoView({block: "start"});
  node.focus({preventScroll: true});
}

// show opens a session wherever it is, dropping filters that hide it.
function show(id) {
  const row = byNumber.get(id);
  if (!row) {
    byId("said").textContent = "Session " + id + " is not among those that this page holds.";
    return goTo(byId("sessions"));
  }
  if (!matches(row) || !inRange(row)) {
    state = {...normal(), sort: state.sort, open: state.open};
    for (const name of fields) byId(name).value = "";
  }
  state.open.add(id);
  select();
  state.page = Math.floor(found.indexOf(row) / pageSize) + 1;
  update();
  const toggle = byId("toggle-" + id);
  toggle.scrollIntoView({block: "start"});
  toggle.focus({preventScroll: true});
}

// Filters and sorting.

const text = row => row.text ??= ["#" + row.id, row.client, row.server, row.user, row.mode, row.sums, row.names, ...row.findings, ...row.hosts,
  ...row.outcomes, row.login === "failed" ? "login failed" : "", row.tls === "none" ? "" : "tls"].join("\n").toLowerCase();
const isFailure = outcome => outcome === "no-connection" || outcome === "denied" || outcome === "aborted";
const hostsOf = row => row.all ??= [row.client, row.server, ...row.hosts];

function matches(row) {
  if (state.q && !state.q.toLowerCase().split(/\s+/).every(word => text(row).includes(word))) return false;
  if (state.mode && !row.modes.includes(state.mode)) return false;
  if (state.initiator && !row.initiators.includes(state.initiator)) return false;
  if (state.outcome === "failed" ? !row.failed : state.outcome === "none" ? row.transfers : state.outcome && !row.outcomes.includes(state.outcome)) return false;
  if (state.severity === "none" ? row.gravity < severities.length : state.severity && row.gravity > severities.indexOf(state.severity)) return false;
  if (state.finding && !row.findings.includes(state.finding)) return false;
  return !state.host || hostsOf(row).some(h => h.includes(state.host.trim().toLowerCase()));
}
const inRange = row => !state.range || row.end >= state.range[0] && row.start <= state.range[1];

const address = endpoint => endpoint.split(/(\d+)/).map(p => /^\d/.test(p) ? p.padStart(5, "0") : p).join("");
const columns = {
  id: row => row.id, start: row => row.start, client: row => address(row.client), server: row => address(row.server), user: row => row.user.toLowerCase(),
  mode: row => row.mode, initiator: row => row.initiator, transfers: row => row.failed * 1e6 + row.transfers, bytes: row => row.bytes,
  findings: row => row.rank * 1e9 + (severities.length - row.gravity) * 1e6 + (row.counts[row.gravity] || 0),
};

function select() {
  const key = columns[state.sort.replace("-", "")];
  const sign = state.sort.startsWith("-") ? -1 : 1;
  const keyed = rows.filter(row => matches(row) && inRange(row)).map(row => [key(row), row]);
  keyed.sort((a, b) => (a[0] < b[0] ? -sign : a[0] > b[0] ? sign : a[1].index - b[1].index));
  found = keyed.map(pair => pair[1]);
}

function update() {
  select();
  const pages = Math.max(1, Math.ceil(found.length / pageSize));
  state.page = Math.min(state.page, pages);
  renderTable();
  renderPager(pages);
  renderSaid();
  for (const th of document.querySelectorAll("th[data-sort]")) {
    const mine = th.dataset.sort === state.sort.replace("-", "");
    if (mine) th.setAttribute("aria-sort", state.sort.startsWith("-") ? "descending" : "ascending");
    else th.removeAttribute("aria-sort");
  }
  renderTime();
  writeHash();
}

function renderSaid() {
  const failing = found.filter(row => row.failed).length;
  let said = found.length === rows.length ? plural(rows.length, "session") : number(found.length) + " of " + plural(rows.length, "session");
  if (failing) said += ", " + number(failing) + " with failed transfers";
  if (state.range) said += "; only from " + moment(state.range[0]) + " to " + moment(state.range[1]);
  byId("said").textContent = said;
  byId("whole-time").hidden = !state.range;
  byId("clear").hidden = !fields.some(name => state[name]);
}

function renderPager(pages) {
  const to = (page, label, name) => make("button", {type: "button", disabled: page < 1 || page > pages || page === state.page, "aria-label": name,
    onclick: () => {
      state.page = page;
      update();
      goTo(byId("sessions"));
    }}, label);
  byId("pager").replaceChildren(...(pages < 2 ? [] : [to(1, "«", "First page"), to(state.page - 1, "‹ Previous", "Previous page"),
    make("span", null, "Page " + number(state.page) + " of " + number(pages)), to(state.page + 1, "Next ›", "Next page"), to(pages, "»", "Last page")]));
}

// The table: a page of rows, each with its details below when open.

function renderTable() {
  const first = (state.page - 1) * pageSize;
  const shown = printing ? found.slice(first, first + Math.max(pageSize, 200)) : found.slice(first, first + pageSize);
  const list = [];
  for (const row of shown) {
    list.push(renderRow(row));
    if (isOpen(row)) list.push(renderDetails(row));
  }
  if (!shown.length) list.push(make("tr", {role: "row"}, make("td", {role: "cell", colspan: 10, class: "none"}, "No session matches these filters.")));
  byId("rows-shown").replaceChildren(...list);
}

let forPrint = new Set();
const hostClass = endpoint => endpoint.startsWith("[") ? "host v6" : "host";
const isOpen = row => state.open.has(row.id) || printing && forPrint.has(row.id);

function renderRow(row) {
  const open = isOpen(row);
  const cell = (attributes, ...children) => make("td", {role: "cell", ...attributes}, ...children);
  const worst = row.gravity < severities.length
    ? make("span", {class: "sev " + severities[row.gravity]}, severities[row.gravity] + " " + row.counts[row.gravity])
    : make("span", {class: "none"}, "none");
  const more = row.counts.reduce((a, b) => a + b, 0) - (row.counts[row.gravity] || 0);
  return make("tr", {role: "row", class: open ? "row open" : "row", id: "s" + row.id, onclick: event => {
    if (!event.target.closest("button, a") && !String(getSelection())) toggle(row);
  }},
  make("th", {scope: "row", role: "rowheader", class: "num"}, make("button", {type: "button", class: "toggle", id: "toggle-" + row.id, "aria-expanded": String(open),
    "aria-controls": open ? "details-" + row.id : null, "aria-label": "Session " + row.id + ", details", onclick: () => toggle(row)}, String(row.id))),
  cell({class: "start"}, moment(row.start)),
  cell({class: hostClass(row.client)}, isolated(row.client)), cell({class: hostClass(row.server)}, isolated(row.server)),
  row.user ? cell({class: "user"}, isolated(row.user)) : cell({class: "none"}, "–"),
  cell(row.mode === "none" ? {class: "none"} : null, row.mode),
  cell(row.initiator === "none" ? {class: "none"} : row.initiators.includes("third-party") ? {class: "failed"} : null, party(row.initiator)),
  cell({class: row.failed ? "sums failed" : "sums"}, row.sums || "–"),
  cell({class: "num"}, row.bytes ? size(row.bytes) : "–"),
  cell({class: "worst"}, worst, more ? " +" + more : ""));
}

function toggle(row) {
  const open = !state.open.has(row.id);
  if (open) state.open.add(row.id); else state.open.delete(row.id);
  const old = byId("s" + row.id);
  if (!open && old.nextElementSibling) old.nextElementSibling.remove();
  const tr = renderRow(row);
  old.replaceWith(tr);
  if (open) tr.after(renderDetails(row));
  byId("toggle-" + row.id).focus({preventScroll: true});
  writeHash();
}

// Details wait as lines of JSON and are parsed when they are opened.

let lines = null;
function detailsOf(row) {
  if (!lines) {
    const all = byId("details").textContent;
    lines = {all, at: []};
    for (let from = 1; from < all.length;) {
      const end = all.indexOf("\n", from);
      lines.at.push([from, end]);
      from = end + 1;
    }
  }
  const [from, end] = lines.at[row.index];
  return from < end ? JSON.parse(lines.all.slice(from, end)) : null;
}

function renderDetails(row) {
  const details = detailsOf(row);
  const panel = make("div", {class: "panel", role: "region", "aria-label": "Session " + row.id});
  if (!details) {
    panel.append(make("p", null, "The details of this session found no room in this page. Analyze the capture with a filter for its host, or with -o explain."));
  } else {
    panel.append(make("div", {class: "story"}, ...details.story.map(p => make("p", null, isolated(p)))));
    const own = details.findings.filter(f => !f.t || !details.blocks.some(b => b.n === f.t));
    if (own.length) panel.append(renderFindings(own));
    panel.append(renderFacts(details.facts));
    panel.append(make("div", {class: "sides"},
      make("div", null, make("span", {class: "unseen"}, "On the left: "), "client ", make("span", {class: "host"}, row.client.replace(/:\d+$/, ""))),
      make("div", null, make("span", {class: "unseen"}, "On the right: "), "server ", make("span", {class: "host"}, row.server.replace(/:\d+$/, "")))));
    for (const block of details.blocks) panel.append(renderBlock(row, block, details.findings.filter(f => f.t && f.t === block.n)));
    if (details.more) panel.append(make("p", {class: "more"}, details.more));
  }
  return make("tr", {class: "details", role: "row", id: "details-" + row.id}, make("td", {role: "cell", colspan: 10}, panel));
}

const renderFacts = facts => make("dl", {class: "facts"}, ...facts.map(([name, value]) =>
  make("div", {class: value.length > 60 ? "long" : null}, make("dt", null, name), make("dd", null, isolated(value)))));

const renderFindings = list => make("ul", {class: "found"}, ...list.map(f => make("li", null,
  make("p", null, make("span", {class: "sev " + f.severity}, f.severity), " ", make("code", {class: "id"}, f.id), " ", isolated(f.message)),
  f.advice ? make("p", {class: "advice"}, make("b", null, "Check:"), " ", isolated(f.advice)) : null)));

function renderBlock(row, block, findings) {
  const box = make("div", {class: "block" + (block.n ? "" : " control") + (block.state === 1 ? " bad" : "")});
  if (block.n) {
    const state = ["good", "bad", "even"][block.state];
    box.append(make("div", {class: "head"}, make("h3", null, "Transfer " + block.n), isolated(block.name), make("span", {class: "chip"}, block.mode),
      make("span", {class: "chip " + state}, (block.state === 0 ? "ok " : "") + block.result)));
    if (block.told) box.append(make("p", {class: "told"}, isolated(block.told)));
    if (findings.length) box.append(renderFindings(findings));
  }
  if (block.rungs.length) box.append(renderLadder(block));
  if (block.n) {
    if (block.filter) box.append(renderFilter(block.filter));
    box.append(make("details", null, make("summary", null, "All that is known of transfer " + block.n), renderFacts(block.facts || [])));
  }
  return box;
}

const right = 1, data = 2, remark = 4, third = 8, fromThird = 16, failed = 32;

function renderLadder(block) {
  const heads = ["Packet", "Time (UTC)", "Client port", "Message", "Server port", "Note"];
  const classes = ["c-frame", "c-time", "c-port", "", "c-port", "c-note"];
  return make("table", {class: "ladder", role: "table"},
    make("caption", {class: "unseen"}, block.n ? "Packets of transfer " + block.n : "Packets of the control connection"),
    make("colgroup", null, ...classes.map(c => make("col", {class: c}))),
    make("thead", {role: "rowgroup"}, make("tr", {role: "row"}, ...heads.map(h => make("th", {scope: "col", role: "columnheader"}, h)))),
    make("tbody", {role: "rowgroup"}, ...block.rungs.map(renderRung)));
}

function renderRung([frame, time, kind, left, rightPort, text, note, host]) {
  const td = (name, ...children) => make("td", {role: "cell", class: name}, ...children);
  const at = kind & third ? (kind & right ? right : 0) : -1; // a third host's packets touch one side only
  return make("tr", {role: "row"}, td("frame", frame), td("time", time), td("port left", kind & remark || at === right ? "" : left),
    td("middle", renderArrow(kind, text, host)), td("port right", kind & remark || at === 0 ? "" : rightPort), td("note", note ? isolated(note) : null));
}

function renderArrow(kind, text, host) {
  if (kind & remark) return make("span", {class: "remark"}, isolated(text));
  const classes = ["arrow"];
  if (kind & data) classes.push("data");
  if (kind & failed) classes.push("failed");
  if (!(kind & third)) {
    classes.push(kind & right ? "out" : "in");
    return make("span", {class: classes.join(" ")}, make("span", {class: "unseen"}, kind & right ? "client to server: " : "server to client: "), isolated(text));
  }
  const side = kind & right ? "server" : "client";
  const fromSide = !(kind & fromThird);
  classes.push("third", "at-" + side, (kind & right) !== 0 === !fromSide ? "out" : "in");
  if (fromSide) classes.push("from-side");
  return make("span", {class: classes.join(" ")}, make("span", {class: "who"}, host),
    make("span", {class: "unseen"}, fromSide ? " from the " + side + ": " : " to the " + side + ": "), isolated(text));
}

function renderFilter(filter) {
  const code = make("code", null, filter);
  const button = make("button", {type: "button", onclick: async () => {
    let done = true;
    try { await navigator.clipboard.writeText(filter); } catch (e) { done = copySelected(code); }
    button.textContent = done ? "Copied" : "Select and copy";
    setTimeout(() => { button.textContent = "Copy filter"; }, 2000);
  }}, "Copy filter");
  return make("div", {class: "filter"}, make("span", {class: "unseen"}, "Wireshark display filter: "), code, button);
}

function copySelected(node) {
  getSelection().selectAllChildren(node);
  try { return document.execCommand("copy"); } catch (e) { return false; }
}

// The timeline: one bar a session while they fit, else counts.

const maxLanes = 36, laneHeight = 14, axisHeight = 24;
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

function renderTime() {
  const box = byId("time-box");
  const width = printing ? paperWidth : Math.max(box.clientWidth || 640, 240);
  const [from, to] = range();
  const edge = 6;
  const x = us => Math.max(-4, Math.min(width + 4, edge + (us - from) / (to - from) * (width - 2 * edge)));
  const lanes = found.length <= 400 ? lanesOf(found, (to - from) / width * 3) : null;
  const svg = lanes ? drawLanes(lanes, x, width) : drawCounts(found, x, width, from, to);
  box.replaceChildren(svg);
  const failing = found.filter(row => row.failed).length;
  byId("time-said").textContent = moment(from) + " to " + moment(to) + " UTC, " + plural(found.length, "session") + (failing ? ", " + number(failing) + " with failures" : "");
  byId("time-out").disabled = byId("time-all").disabled = byId("time-left").disabled = byId("time-right").disabled = !state.range;
}

// lanesOf gives each session the first lane that is free; null when there are too many.
function lanesOf(list, gap) {
  const free = [], placed = [];
  for (const row of [...list].sort((a, b) => a.start - b.start)) {
    let lane = free.findIndex(until => until < row.start);
    if (lane < 0) lane = free.push(0) - 1;
    if (free.length > maxLanes) return null;
    free[lane] = row.end + gap;
    placed.push([lane, row]);
  }
  return {placed, count: Math.max(free.length, 1)};
}

function drawLanes({placed, count}, x, width) {
  const top = 8, height = top + count * laneHeight + axisHeight;
  const svg = draw("svg", {viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": "Sessions as bars over time, their transfers as thicker parts"});
  drawAxis(svg, x, width, height);
  for (const [lane, row] of placed) {
    const y = top + lane * laneHeight;
    const left = x(row.start), w = Math.max(x(row.end) - left, 2);
    svg.append(draw("rect", {class: "life " + kindOf(row), x: left, y: y + 4, width: w, height: 4, rx: 2}));
    for (const [offset, length, , state] of row.spans) {
      const a = x(row.start + offset);
      svg.append(draw("rect", {class: spanKind(state), x: a, y: y + 1, width: Math.max(x(row.start + offset + length) - a, 2), height: 10, rx: 2}));
    }
    svg.append(draw("rect", {class: "hit", x: left - 3, y, width: w + 6, height: laneHeight, rx: 3, onclick: () => { if (!dragged) show(row.id); }},
      draw("title", null, `Session ${row.id}, ${row.client} → ${row.server}: ${row.sums || "no transfer"}`)));
  }
  return svg;
}

function drawCounts(list, x, width, from, to) {
  const bins = Math.max(20, Math.floor(width / 8)), step = (to - from) / bins;
  const empty = () => Array.from({length: bins}, () => [0, 0, 0]);
  const sessions = empty(), transfers = empty();
  const bin = us => Math.min(bins - 1, Math.floor((us - from) / step));
  for (const row of list) {
    sessions[Math.max(0, bin(row.start))][2 - row.rank]++;
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
    const room = panel - 24, w = (width - 12) / bins;
    counts.forEach((c, i) => {
      let y = top + panel;
      c.forEach((n, k) => {
        if (!n) return;
        const tall = Math.max(n / most * room, 1.5);
        y -= tall;
        svg.append(draw("rect", {class: kinds[k], x: x(from + i * step) + 0.5, y, width: Math.max(w - 1, 1), height: tall}));
      });
      if (c[0] + c[1] + c[2]) svg.append(draw("rect", {class: "hit", x: x(from + i * step), y: top + 18, width: w, height: panel - 18,
        onclick: () => { if (!dragged) setRange([from + (i - 1) * step, from + (i + 2) * step]); }},
      draw("title", null, `${moment(from + i * step)}: ${number(c[0] + c[1] + c[2])} ${name}, ${number(c[0])} in trouble`)));
    });
    svg.append(draw("text", {class: "label halo", x: 8, y: top + 15}, `${name}, at most ${number(most)} in ${span(step)}`));
  });
  return svg;
}

function span(us) {
  if (us < 1e6) return Math.max(1, Math.round(us / 1e3)) + " ms";
  if (us < 6e7) return (us / 1e6).toFixed(us < 1e7 ? 1 : 0) + " s";
  if (us < 3.6e9) return (us / 6e7).toFixed(us < 6e8 ? 1 : 0) + " min";
  return us < 8.64e10 ? (us / 3.6e9).toFixed(1) + " h" : (us / 8.64e10).toFixed(1) + " d";
}

const steps = [1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7, 1.5e7, 3e7, 6e7, 1.2e8, 3e8, 6e8, 9e8, 1.8e9, 3.6e9, 7.2e9, 1.08e10, 2.16e10, 4.32e10,
  8.64e10, 1.728e11, 6.048e11, 2.592e12, 7.776e12, 3.1536e13, 3.1536e14];
function drawAxis(svg, x, width, height) {
  const [from, to] = range();
  const step = steps.find(s => s / (to - from) * width > 88) || steps[steps.length - 1];
  const label = us => step < 1e6 ? iso(us).slice(11, 23) : step < 6e7 ? iso(us).slice(11, 19) : step < 8.64e10 ? iso(us).slice(11, 16) : iso(us).slice(0, 10);
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
    svg.append(draw("line", {class: "grid", x1: x(at), x2: x(at), y1: 0, y2: height - axisHeight + 4}));
    if (x(at) > 24 && x(at) < width - 24) svg.append(draw("text", {x: x(at), y: height - 7, "text-anchor": "middle"}, label(at)));
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
    const edge = box.getBoundingClientRect();
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) pan(event.deltaX / edge.width);
    else zoom(event.deltaY > 0 ? 1.25 : 0.8, (event.clientX - edge.left) / edge.width);
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

// The map of hosts: who opened (left) to whom (right).

function renderHosts() {
  const box = byId("host-map");
  if (!box) return;
  const width = printing ? paperWidth : Math.max(box.clientWidth || 640, 280);
  const edges = meta.hosts, rowHeight = 44, top = 30;
  const sources = [...new Set(edges.map(e => e[0]))], targets = [...new Set(edges.map(e => e[1]))];
  const characters = Math.floor(Math.min(width * 0.36, 300) / 7.4);
  const side = Math.min(Math.max(...sources.concat(targets).map(h => Math.min(h.length, characters)), edges.some(e => e[4]) ? 18 : 12) * 7.4 + 12, width * 0.4);
  const height = top + Math.max(sources.length, targets.length) * rowHeight;
  const y = (list, host) => top + (list.indexOf(host) + 0.5) * (height - top) / list.length;
  const short = host => host.length <= characters ? host : host.slice(0, Math.ceil(characters / 2) - 1) + "…" + host.slice(1 - Math.floor(characters / 2));
  const svg = draw("svg", {viewBox: `0 0 ${width} ${height}`, height, role: "img",
    "aria-label": `Map of ${plural(sources.length, "host")} that opened data connections to ${plural(targets.length, "host")}; the table below has the same`});
  svg.append(draw("text", {x: 0, y: 14}, "opened by"), draw("text", {x: width, y: 14, "text-anchor": "end"}, "to"));
  for (const [src, dst, opened, failures, third] of [...edges].reverse()) {
    const y1 = y(sources, src), y2 = y(targets, dst), x1 = side, x2 = width - side - 8, middle = (x1 + x2) / 2;
    const bad = failures || third;
    const line = 1.5 + Math.min(Math.log2(opened + failures), 8) / 2;
    svg.append(draw("path", {class: "edge" + (bad ? " bad" : "") + (opened ? "" : " never"), d: `M${x1},${y1} C${middle},${y1} ${middle},${y2} ${x2},${y2}`, "stroke-width": line},
      draw("title", null, `${src} → ${dst}: ${number(opened)} opened, ${number(failures)} failed${third ? ", third party" : ""}`)));
    svg.append(draw("path", {class: "head" + (bad ? " bad" : ""), d: `M${x2 - 1},${y2 - 4 - line / 2} L${x2 + 7},${y2} L${x2 - 1},${y2 + 4 + line / 2} Z`}));
  }
  for (const [list, end, x, anchor] of [[sources, 0, 0, "start"], [targets, 1, width, "end"]]) {
    for (const host of list) {
      const mine = edges.filter(e => e[end] === host);
      const opened = mine.reduce((n, e) => n + e[2], 0), failures = mine.reduce((n, e) => n + e[3], 0);
      const words = [opened ? number(opened) + " opened" : "", failures ? number(failures) + " failed" : "", end === 0 && mine.some(e => e[4]) ? "third party" : ""];
      svg.append(draw("text", {class: "node", x, y: y(list, host), "text-anchor": anchor}, short(host), draw("title", null, host)),
        draw("text", {class: failures || end === 0 && mine.some(e => e[4]) ? "bad-label" : "", x, y: y(list, host) + 15, "text-anchor": anchor}, words.filter(Boolean).join(", ")));
    }
  }
  box.replaceChildren(svg);
}

// The controls.

function options(id, any, list) {
  byId(id).replaceChildren(make("option", {value: ""}, any), ...list.map(([value, label, n]) => make("option", {value}, n === undefined ? label : `${label} (${number(n)})`)));
}
function count(get) {
  const n = new Map();
  for (const row of rows) for (const value of new Set(get(row))) n.set(value, (n.get(value) || 0) + 1);
  return n;
}
function fillFilters() {
  const listed = (n, order, names = {}) => order.filter(v => n.get(v)).map(v => [v, names[v] || v, n.get(v)]);
  options("mode", "any", listed(count(r => r.modes), ["active", "passive", "mixed", "unknown", "none"], {none: "none"}));
  options("initiator", "anyone", listed(count(r => r.initiators), ["client", "server", "third-party", "mixed", "none"], {"third-party": "third party", none: "nobody"}));
  const ends = count(r => r.outcomes);
  const failing = rows.filter(r => r.failed).length, without = rows.filter(r => !r.transfers).length;
  options("outcome", "any", [...(failing ? [["failed", "failed, any way", failing]] : []),
    ...listed(ends, ["ok", "no-connection", "denied", "aborted", "incomplete", "rejected", "unused", "unknown"]), ...(without ? [["none", "no transfer", without]] : [])]);
  const least = severities.map((s, g) => [s, g ? s + " or graver" : s, rows.filter(r => r.gravity <= g).length]).filter((o, i, all) => o[2] && (!i || o[2] > all[i - 1][2]));
  const clean = rows.filter(r => r.gravity >= severities.length).length;
  options("severity", "any", [...least, ...(clean ? [["none", "no findings", clean]] : [])]);
  options("finding", "any", [...count(r => r.findings)].sort((a, b) => a[0] < b[0] ? -1 : 1).map(([id, n]) => [id, id, n]));
  const hosts = count(r => hostsOf(r).map(h => h.replace(/:\d+$/, "").replace(/^\[|\]$/g, "")));
  byId("host-list").replaceChildren(...[...hosts].sort((a, b) => b[1] - a[1]).slice(0, 200).map(([h]) => make("option", {value: h})));
}

function listenTable() {
  for (const th of document.querySelectorAll("th[data-sort]")) {
    const key = th.dataset.sort;
    const label = th.textContent;
    th.replaceChildren(make("button", {type: "button", onclick: () => {
      const falling = ["transfers", "bytes", "findings"].includes(key);
      const first = (falling ? "-" : "") + key, second = (falling ? "" : "-") + key;
      state.sort = state.sort === first ? second : first;
      state.page = 1;
      update();
    }}, label));
  }
  let wait = 0;
  const changed = name => {
    state[name] = byId(name).value;
    state.page = 1;
    update();
  };
  for (const name of fields) {
    const typed = name === "q" || name === "host";
    byId(name).addEventListener(typed ? "input" : "change", () => {
      clearTimeout(wait);
      wait = setTimeout(() => changed(name), typed ? 120 : 0);
    });
  }
  byId("filters").addEventListener("submit", event => event.preventDefault());
  byId("filters").addEventListener("reset", () => {
    clearTimeout(wait);
    state = {...normal(), sort: state.sort, open: state.open, range: state.range};
    setTimeout(() => { update(); byId("q").focus(); }, 0);
  });
}

// On paper: what is filtered, and the details of the worst of it.
function print(on) {
  printing = on;
  forPrint = new Set(on ? found.filter(row => row.rank === 2).slice(0, 20).map(row => row.id) : []);
  if (on && !forPrint.size) forPrint = new Set(found.slice(0, 5).map(row => row.id));
  renderTable();
  renderTime();
  renderHosts();
}

let started = false;
document.documentElement.classList.add("js");
fillFilters();
listenTable();
listenTime();
select();
readHash();
if (!/^#?$|=|^#s\d+$/.test(location.hash)) update();
renderHosts();
started = true;
window.addEventListener("hashchange", readHash);
window.addEventListener("beforeprint", () => print(true));
window.addEventListener("afterprint", () => print(false));
let width = window.innerWidth;
window.addEventListener("resize", () => {
  if (window.innerWidth === width) return;
  width = window.innerWidth;
  renderTime();
  renderHosts();
});
})();
