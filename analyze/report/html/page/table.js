// The table: a page of rows, each with its details below when open.

function renderTable() {
  const first = (state.page - 1) * pageSize;
  const shown = printing ? found.slice(first, first + Math.max(pageSize, 200)) : found.slice(first, first + pageSize);
  const list = [];
  for (const row of shown) {
    list.push(renderRow(row));
    if (isOpen(row)) list.push(renderDetails(row));
  }
  if (!shown.length) list.push(make("tr", {role: "row"}, make("td", {role: "cell", colspan: 9, class: "none"}, "No session matches these filters.")));
  byId("rows-shown").replaceChildren(...list);
}

let forPrint = new Set();
const hostClass = endpoint => endpoint.startsWith("[") ? "host v6" : "host";
const isOpen = row => state.open.has(row.id) || printing && forPrint.has(row.id);

const extra = (...children) => make("span", {class: "extra"}, ...children);

// logins is how a session's logins went, in words.
function logins(row) {
  if (row.rejected) return number(row.rejected) + " rejected" + (row.accepted ? ", then accepted" : "");
  return row.login === "ok" ? "accepted" : row.login === "failed" ? "rejected" : "";
}

function renderWorst(row) {
  const verdict = row.place ? make("span", null, make("span", {class: "place " + row.level}, row.place), " ", row.cause) : null;
  if (row.gravity >= severities.length || verdict && row.told) return verdict || make("span", {class: "none"}, "none");
  const severity = severities[row.gravity];
  const more = row.count - (row.series && row.worst !== row.findings[0] ? 0 : 1);
  return make("span", null, verdict, make("span", {class: verdict ? "extra" : null}, make("span", {class: "sev " + severity}, severity), " ",
    make("span", {class: "fname"}, capital(titleOf(row.worst))), more > 0 ? " +" + more : ""), row.series ? extra("told at ", make("a", {href: "#s" + row.series}, "session " + row.series)) : null);
}

function renderRow(row) {
  const open = isOpen(row);
  const cell = (attributes, ...children) => make("td", {role: "cell", ...attributes}, ...children);
  const login = logins(row);
  const third = row.initiators.includes("third-party");
  return make("tr", {role: "row", class: open ? "row open" : "row", id: "s" + row.id, onclick: event => {
    if (!event.target.closest("button, a") && !String(getSelection())) toggle(row);
  }},
  make("th", {scope: "row", role: "rowheader", class: "num"}, make("button", {type: "button", class: "toggle", id: "toggle-" + row.id, "aria-expanded": String(open),
    "aria-controls": open ? "details-" + row.id : null, "aria-label": "Session " + row.id + ", details", onclick: () => toggle(row)}, String(row.id))),
  cell({class: "start"}, moment(row.start), extra(span(row.length)), meta.several ? extra(make("span", {class: "in", title: row.files.map(fileName).join(", ")}, row.files.map(fileName).join(", "))) : null),
  cell({class: "client " + hostClass(row.client)}, isolated(row.client)), cell({class: "server " + hostClass(row.server)}, isolated(row.server)),
  cell({class: row.user ? "user" : "user none"}, row.user ? isolated(row.user) : "–", login ? make("span", {class: row.rejected ? "extra failed" : "extra"}, login) : null),
  cell({class: row.mode === "none" ? "mode none" : "mode"}, row.mode === "none" ? "–" : row.mode,
    row.initiator === "none" ? null : make("span", {class: third ? "extra failed" : "extra"}, party(row.initiator))),
  cell({class: row.failed || third ? "sums failed" : row.sums ? "sums" : "sums none"}, row.sums || "–", ...row.shown.map(name => extra(isolated(name)))),
  cell({class: row.data.length ? "data" : "data none"}, ...(row.data.length ? row.data.map(text => make("span", {class: "piece"}, text)) : ["–"])),
  cell({class: row.gravity < severities.length || row.place ? "worst" : "worst none"}, renderWorst(row)));
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

