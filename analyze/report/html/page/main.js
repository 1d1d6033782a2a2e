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
  const accepted = rows.filter(r => r.accepted || r.login === "ok").length, rejected = rows.filter(r => r.rejected).length;
  const neither = rows.filter(r => !r.accepted && !r.rejected && r.login !== "ok").length;
  options("login", "any", [["rejected", "rejected", rejected], ["accepted", "accepted", accepted], ["none", "no answer seen", neither]].filter(o => o[2]));
  if (byId("file")) options("file", "any", [...count(r => r.files)].sort((a, b) => a[0] - b[0]).map(([n, sessions]) => [n, n + ": " + fileName(n), sessions]));
  options("mode", "any", listed(count(r => r.modes), ["active", "passive", "mixed", "unknown", "none"], {none: "none"}));
  options("initiator", "anyone", listed(count(r => r.initiators), ["client", "server", "third-party", "mixed", "none"], {"third-party": "third party", none: "nobody"}));
  const ends = count(r => r.outcomes);
  const failing = rows.filter(r => r.failed).length, without = rows.filter(r => !r.transfers).length;
  options("outcome", "any", [...(failing ? [["failed", "failed, any way", failing]] : []),
    ...listed(ends, ["ok", "no-connection", "denied", "aborted", "incomplete", "rejected", "unused", "unknown"], outcomes), ...(without ? [["none", "no transfer", without]] : [])]);
  const tallied = get => [...count(get)].filter(([value]) => value).sort((a, b) => b[1] - a[1]).map(([value, n]) => [value, value, n]);
  options("cause", "any", tallied(row => [row.cause]));
  options("at", "anywhere", tallied(row => [row.at]));
  const least = severities.map((s, g) => [s, g ? s + " or graver" : s, rows.filter(r => r.gravity <= g).length]).filter((o, i, all) => o[2] && (!i || o[2] > all[i - 1][2]));
  const clean = rows.filter(r => r.gravity >= severities.length).length;
  options("severity", "any", [...least, ...(clean ? [["none", "no findings", clean]] : [])]);
  options("finding", "any", [...count(r => r.findings)].sort((a, b) => a[0] < b[0] ? -1 : 1).map(([id, n]) => [id, capital(titleOf(id)), n]));
  const hosts = count(r => hostsOf(r).map(h => h.replace(/:\d+$/, "").replace(/^\[|\]$/g, "")));
  byId("host-list").replaceChildren(...[...hosts].sort((a, b) => b[1] - a[1]).slice(0, 200).map(([h]) => make("option", {value: h})));
}

function listenTable() {
  for (const th of document.querySelectorAll("th[data-sort]")) {
    const key = th.dataset.sort;
    const label = th.textContent;
    if (single) continue;
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
  for (const fold of document.querySelectorAll(".verdict .fold")) { // paper has all causes
    if (on) fold.wasOpen = fold.open;
    fold.open = on || fold.wasOpen;
  }
  forPrint = new Set(on ? found.filter(row => row.rank === 2).slice(0, 20).map(row => row.id) : []);
  if (on && !forPrint.size) forPrint = new Set(found.slice(0, 5).map(row => row.id));
  renderTable();
  renderTime();
  renderHosts();
}

// Links to a transfer lead to its session where there is no script.
function sharpen() {
  for (const link of document.querySelectorAll("a[data-transfer]")) link.setAttribute("href", link.getAttribute("href") + "." + link.dataset.transfer);
  for (const node of document.querySelectorAll(".finding .told, .verdict bdi, .frames")) node.replaceChildren(...numbered(node.textContent));
}

let started = false;
document.documentElement.classList.add("js");
if (single) document.documentElement.classList.add("single");
retime();
sharpen();
listenClock();
fillFilters();
listenTable();
listenTime();
select();
readHash();
if (!/^#?$|=|^#s\d+(\.\d+)?$/.test(location.hash)) update();
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

