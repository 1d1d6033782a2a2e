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
    if (row.series) panel.append(make("p", {class: "series"}, "Its logins belong to what ", make("a", {href: "#s" + row.series}, "session " + row.series), " tells of: " + titleOf(row.findings[row.findings.length - 1]) + "."));
    if (details.verdict) panel.append(renderJudged(details.verdict));
    panel.append(make("div", {class: "story"}, ...details.story.map(p => make("p", null, told(p)))));
    panel.append(renderFacts(meta.several ? [["File", row.files.map(n => n + ": " + fileName(n)).join(", ")], ...facts(row, details)] : facts(row, details)));
    if (details.done) panel.append(renderDone(row, details.done));
    const drawn = {last: -1};
    for (const block of details.blocks) panel.append(renderBlock(row, block, details.findings.filter(f => f.t && f.t.includes(block.n)), drawn));
    if (details.findings.length) panel.append(make("h3", null, "Findings"), renderFindings(row, details.findings));
    panel.append(renderFilter(sessionFilter(row, details), "All packets of this session", row.files.length === 1 ? row.files[0] : 0));
    if (details.more) panel.append(make("p", {class: "more"}, details.more));
  }
  return make("tr", {class: "details", role: "row", id: "details-" + row.id}, make("td", {role: "cell", colspan: 9}, panel));
}

const facts = (row, details) => [["Client", row.client], ["Server", row.server], ...details.facts];
const renderFacts = facts => make("dl", {class: "facts"}, ...facts.map(([name, value]) => [name, typeof value === "number" ? exact(value) : value]).map(([name, value]) =>
  make("div", {class: value.length > 60 ? "long" : null}, make("dt", null, name), make("dd", name === "Community ID" ? {class: "id"} : null, told(value)))));

// What went wrong, where to look, what to do next.
const renderJudged = v => make("div", {class: "judged " + v.level},
  make("p", null, make("span", {class: "place " + v.level}, v.place), " ", v.cause ? make("span", {class: "what"}, v.cause + ": ") : null, told(v.text)),
  v.also ? make("p", {class: "also"}, told(v.also)) : null,
  v.next ? make("ol", {class: "next", "aria-label": "What to do"}, ...v.next.map(step => make("li", null, isolated(step)))) : null,
  v.filter ? make("details", {class: "check"}, make("summary", null, "The packets that decide"), renderFilter(v.filter, "They", v.file)) : null);

// What the session changed at the server besides its transfers.
const renderDone = (row, done) => make("div", {class: "table done"}, make("table", {class: "plain", role: "table"},
  make("caption", null, "What it did at the server besides transfers"),
  make("thead", {role: "rowgroup"}, make("tr", {role: "row"}, ...["Packet", "Time (" + zoneName() + ")", "Command", "File", "Answer"].map(name => make("th", {scope: "col", role: "columnheader"}, name)))),
  make("tbody", {role: "rowgroup"}, ...done.rows.map(([frame, at, what, path, answer, agreed]) => make("tr", {role: "row"},
    ...[["Packet", ...numbered(frame)], ["Time", at === "" ? "" : iso(row.start + at).slice(11, 23)], ["Command", isolated(what)], ["File", isolated(path)], ["Answer", isolated(answer)]]
      .map(([name, ...said]) => make("td", {role: "cell", "data-label": name, class: name === "Answer" && !agreed ? "failed" : null}, ...said)))))),
  done.more ? make("p", {class: "more"}, done.more) : null);

// curveOf is the picture of how a transfer's data came, from where the page has it without a script.
function curveOf(row, block) {
  const drawn = byId(`curve-${row.id}-${block.n}`);
  if (!drawn) return null;
  const figure = drawn.cloneNode(true);
  figure.removeAttribute("id");
  return figure.classList.contains("worth") ? figure : make("details", {class: "check"}, make("summary", null, "How its data came"), figure);
}

// The findings are told once; what to check folds, since the page tells it above.
const renderFindings = (row, list) => make("ul", {class: "found"}, ...list.map(f => make("li", null,
  make("p", null, make("span", {class: "sev " + f.severity}, f.severity), " ", make("b", {class: "fname"}, capital(titleOf(f.id)) + (f.count > 1 ? " × " + number(f.count) : "")), " ",
    ...(f.t || []).flatMap(t => [make("a", {href: `#s${row.id}.${t}`}, "transfer " + t), " "]), told(f.message)),
  f.advice || f.filter ? make("details", {class: "check"}, make("summary", null, "What to check, and its packets"),
    f.advice ? make("p", {class: "advice"}, isolated(f.advice)) : null, f.filter ? renderFilter(f.filter, "Its packets", f.file) : null) : null)));

function renderBlock(row, block, findings, drawn) {
  const box = make("div", {class: "block" + (block.n ? "" : " control") + (block.state === 1 ? " bad" : ""), id: block.n ? `s${row.id}.${block.n}` : null, tabindex: block.n ? -1 : null});
  if (block.n) {
    const state = ["good", "bad", "even"][block.state];
    box.append(make("div", {class: "head"}, make("h3", null, "Transfer " + block.n), isolated(block.name), make("span", {class: "chip"}, block.mode),
      make("span", {class: "chip " + state}, block.result),
      ...findings.map(f => make("span", {class: "sev " + f.severity}, capital(titleOf(f.id))))));
    if (block.judged) box.append(renderJudged(block.judged));
    if (block.told) box.append(make("p", {class: "told"}, told(block.told)));
    const curve = curveOf(row, block);
    if (curve) box.append(curve);
    box.append(renderFacts((block.data ? [["Connection", block.data.join(" → ")]] : []).concat(block.facts || [])));
  }
  if (block.rungs.length) box.append(renderLadder(row, block, drawn));
  if (block.n) box.append(renderFilter(transferFilter(row, block), "Packets of this transfer", block.file));
  return box;
}

const right = 1, data = 2, remark = 4, third = 8, fromThird = 16, failed = 32;

const portOf = endpoint => endpoint.slice(endpoint.lastIndexOf(":") + 1);
const hostOf = endpoint => endpoint.replace(/:\d+$/, "");

function renderLadder(row, block, drawn) {
  const head = (attributes, ...children) => make("th", {scope: "col", role: "columnheader", ...attributes}, ...children);
  const side = (name, endpoint) => make("span", null, name + " ", make("span", {class: "host"}, hostOf(endpoint)));
  return make("table", {class: "ladder", role: "table"},
    make("caption", {class: "unseen"}, block.n ? "Packets of transfer " + block.n : "Packets of the control connection"),
    make("colgroup", null, ...["c-frame", "c-time", "c-port", "", "c-port", "c-note"].map(c => make("col", {class: c}))),
    make("thead", {role: "rowgroup"}, make("tr", {role: "row"}, head({class: "frame"}, "Packet"), head({class: "time"}, "Time (" + zoneName() + ")"),
      head({class: "sides", colspan: 3}, make("span", {class: "lanes"}, side("client", row.client), side("server", row.server))), head({class: "note"}, "Note"))),
    make("tbody", {role: "rowgroup"}, ...block.rungs.flatMap(rung => renderRung(row, rung, drawn))));
}

// timeOf is a packet's time, with the day below it where that is not the one on which the session began.
const timeOf = (row, us) => [iso(us).slice(11, 23) + micros(us), dayOf(us) === dayOf(row.start) ? null : extra(dayOf(us))];

const silence = 1e6; // microseconds without a packet of the ladder that deserve a row
function renderRung(row, [frame, at, kind, text, note = "", host = "", left = "", rightPort = "", rest = ""], drawn) {
  if (!(kind & data)) [left, rightPort] = [portOf(row.client), portOf(row.server)];
  const time = at === "" ? [] : timeOf(row, row.start + at);
  const td = (name, ...children) => make("td", {role: "cell", class: name}, ...children);
  const touched = kind & third ? (kind & right ? right : 0) : -1; // a third host's packets touch one side only
  const list = [];
  if (at !== "") {
    if (drawn.last >= 0 && at - drawn.last >= silence) {
      const day = dayOf(row.start + at) === dayOf(row.start + drawn.last) ? "" : ", on " + dayOf(row.start + at);
      list.push(make("tr", {role: "row", class: "gap"}, make("td", {role: "cell", colspan: 6}, span(at - drawn.last) + " later" + day)));
    }
    drawn.last = Math.max(at, drawn.last);
  }
  const said = note || rest ? [note ? told(note) : null, rest ? make("details", null, make("summary", null, plural(rest.split("\n").length, "more line")), make("span", {class: "rest"}, isolated(rest))) : null] : [];
  list.push(make("tr", {role: "row"}, td("frame", ...numbered(frame)), td("time", ...time), td("port left", kind & remark || touched === right ? "" : left),
    td("middle", renderArrow(kind, text, host)), td("port right", kind & remark || touched === 0 ? "" : rightPort), td("note", ...said)));
  return list;
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

// Display filters for Wireshark.
function connection(a, b) {
  const address = endpoint => (endpoint.startsWith("[") ? "ipv6.addr == " : "ip.addr == ") + hostOf(endpoint).replace(/[[\]]/g, "");
  return [...new Set([address(a), address(b)]), "tcp.port == " + portOf(a), "tcp.port == " + portOf(b)].join(" and ");
}
function transferFilter(row, block) {
  const [first, last] = block.span || [];
  return "(" + connection(row.client, row.server) + (first ? " and frame.number >= " + first : "") + (last ? " and frame.number <= " + last : "") + ")" +
    (block.data ? " or (" + connection(...block.data) + ")" : "");
}
const filterConnections = 12; // Wireshark takes more, people do not
const sessionFilter = (row, details) => [[row.client, row.server], ...details.blocks.filter(b => b.data).map(b => b.data).slice(0, filterConnections)]
  .map(ends => "(" + connection(...ends) + ")").join(" or ");

// renderFilter shows a filter for Wireshark; numbers of packets need the right file to be open.
function renderFilter(filter, what, file) {
  const code = make("code", null, filter);
  const button = make("button", {type: "button", "aria-label": "Copy filter: " + what, onclick: async () => {
    let done = true;
    try { await navigator.clipboard.writeText(filter); } catch (e) { done = copySelected(code); }
    button.textContent = done ? "Copied" : "Select and copy";
    setTimeout(() => { button.textContent = "Copy filter"; }, 2000);
  }}, "Copy filter");
  const where = !meta.several ? "" : file ? ", in " + fileName(file) : filter.includes("frame.number") ? "" : ", in each file";
  return make("div", {class: "filter"}, make("span", {class: "for"}, what + " in Wireshark" + where), code, button);
}

function copySelected(node) {
  getSelection().selectAllChildren(node);
  try { return document.execCommand("copy"); } catch (e) { return false; }
}

