// The state is what the address says after #, so that a view can be kept and sent.

const pageSize = 50;
const fields = ["q", "login", "mode", "initiator", "outcome", "severity", "finding", "file", "host", "cause", "at"].filter(byId);
const normal = () => ({q: "", login: "", mode: "", initiator: "", outcome: "", severity: "", finding: "", file: "", host: "", cause: "", at: "", sort: meta.worst ? "-findings" : "id", page: 1,
  open: new Set(single ? rows.map(row => row.id) : []), range: null});
let state = normal();
let found = rows;
let printing = false;
const paperWidth = 700;

function readHash() {
  const hash = location.hash.slice(1);
  const session = /^s(\d+)(?:\.(\d+))?$/.exec(hash);
  if (session) return show(Number(session[1]), session[2]);
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
  if (state.open.size && !single) p.set("open", [...state.open].join(","));
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
function show(id, transfer) {
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
  const block = transfer && byId("s" + id + "." + transfer);
  if (block) return goTo(block);
  const toggle = byId("toggle-" + id);
  toggle.scrollIntoView({block: "start"});
  toggle.focus({preventScroll: true});
}

// Filters and sorting.

const text = row => row.text ??= ["#" + row.id, row.client, row.server, row.user, row.mode, row.sums, row.cause, row.place, row.names, row.more, ...row.findings, ...row.findings.map(titleOf),
  ...row.hosts, ...row.outcomes, ...row.outcomes.map(o => outcomes[o] || ""), row.login === "failed" ? "login failed" : "", row.rejected ? "rejected" : "",
  row.tls === "none" ? "" : "tls", ...(meta.several ? row.files.map(fileName) : [])].join("\n").toLowerCase();
// #14 finds session 14 and the sessions whose packets are around packet 14, 2:#14 those of file 2.
function holds(row, word) {
  const packet = /^(?:(\d+):)?#(\d+)$/.exec(word);
  if (!packet) return false;
  const n = Number(packet[2]);
  return row.packets[0] > 0 && row.packets[0] <= n && n <= row.packets[1] && (!packet[1] || row.files.includes(Number(packet[1])));
}
const hostsOf = row => row.all ??= [row.client, row.server, ...row.hosts];

function matches(row) {
  if (state.q && !state.q.toLowerCase().split(/\s+/).every(word => text(row).includes(word) || holds(row, word))) return false;
  if (state.login === "rejected" ? !row.rejected : state.login === "accepted" ? !row.accepted && row.login !== "ok" : state.login && (row.rejected || row.accepted || row.login === "ok")) return false;
  if (state.file && !row.files.includes(Number(state.file))) return false;
  if (state.mode && !row.modes.includes(state.mode)) return false;
  if (state.initiator && !row.initiators.includes(state.initiator)) return false;
  if (state.outcome === "failed" ? !row.failed : state.outcome === "none" ? row.transfers : state.outcome && !row.outcomes.includes(state.outcome)) return false;
  if (state.severity === "none" ? row.gravity < severities.length : state.severity && row.gravity > severities.indexOf(state.severity)) return false;
  if (state.cause && row.cause !== state.cause || state.at && row.at !== state.at) return false;
  if (state.finding && !row.findings.includes(state.finding)) return false;
  return !state.host || hostsOf(row).some(h => h.includes(state.host.trim().toLowerCase()));
}
const inRange = row => !state.range || row.end >= state.range[0] && row.start <= state.range[1];

const address = endpoint => endpoint.split(/(\d+)/).map(p => /^\d/.test(p) ? p.padStart(5, "0") : p).join("");
const columns = {
  id: row => row.id, start: row => row.start, client: row => address(row.client), server: row => address(row.server), user: row => row.user.toLowerCase(),
  mode: row => row.mode + " " + row.initiator, transfers: row => row.failed * 1e6 + row.transfers, bytes: row => row.bytes,
  findings: row => row.rank * 1e9 + (severities.length - row.gravity) * 1e6 + row.count,
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
  const rejected = found.filter(row => row.rejected).length;
  if (failing) said += ", " + number(failing) + " with failed transfers";
  if (rejected) said += ", " + number(rejected) + " with rejected logins";
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

