// Times: in the report's zone, in UTC, or in the reader's own.

const zones = {
  report: us => { let now = meta.clocks[0]; for (const change of meta.clocks) if (change[0] <= us) now = change; return now; },
  utc: () => [0, 0, "UTC"],
  own: us => { const minutes = -new Date(us / 1000).getTimezoneOffset(); return [0, minutes * 60, offsetName(minutes)]; },
};
function offsetName(minutes) {
  const two = n => String(n).padStart(2, "0");
  return minutes ? "UTC" + (minutes < 0 ? "-" : "+") + two(Math.floor(Math.abs(minutes) / 60)) + ":" + two(Math.abs(minutes) % 60) : "UTC";
}
let zone = zones.report;
const ahead = us => zone(us)[1] * 1e6; // microseconds
const iso = us => new Date((us + ahead(us)) / 1000).toISOString();
const whole = rows.reduce((w, r) => [Math.min(w[0], r.start), Math.max(w[1], r.end)], [Infinity, -Infinity]);
if (!rows.length) whole.fill(0);
if (whole[1] - whole[0] < 1000) whole[1] = whole[0] + 1000;
const dayOf = us => iso(us).slice(0, 10);
let dated = dayOf(whole[0]) !== dayOf(whole[1]);
const micros = us => String(us % 1000).padStart(3, "0");
const moment = us => iso(us).slice(dated ? 0 : 11, 23).replace("T", " "); // with milliseconds: sessions follow each other in less than a second
const exact = us => iso(us).slice(0, 23).replace("T", " ") + micros(us);
const zoneName = () => [...new Set([zone(whole[0])[2], zone(whole[1])[2]])].join("/");
const forms = {fine: moment, dayed: us => iso(us).slice(0, 23).replace("T", " "), moment: us => iso(us).slice(0, 19).replace("T", " "), exact};
const readTime = text => Date.parse(text.slice(0, 19) + "Z") * 1000 + Number(text.slice(20, 26));

// retime writes the times anew that the template wrote.
function retime() {
  dated = dayOf(whole[0]) !== dayOf(whole[1]);
  for (const node of document.querySelectorAll("time")) node.textContent = forms[node.dataset.form](readTime(node.dateTime));
  for (const node of document.querySelectorAll(".zone")) node.textContent = zoneName();
  const day = byId("day");
  if (day) day.textContent = dated ? dayOf(whole[0]) + " and " + dayOf(whole[1]) : dayOf(whole[0]);
}

function listenClock() {
  const name = (key, label) => [key, label, [zones[key](whole[0]), zones[key](whole[1])].map(z => z[1]).join()];
  let own = "";
  try { own = Intl.DateTimeFormat().resolvedOptions().timeZone || ""; } catch (e) { /* an old browser */ }
  const seen = new Set();
  const list = [name("report", [...new Set(meta.clocks.map(c => c[2]))].slice(0, 2).join("/")), name("utc", "UTC"), name("own", "my time: " + (own || zones.own(whole[0])[2]))]
    .filter(([, , offsets]) => !seen.has(offsets) && seen.add(offsets));
  if (list.length < 2) return byId("clock").parentNode.remove();
  byId("clock").replaceChildren(...list.map(([key, label]) => make("option", {value: key}, label)));
  byId("clock").addEventListener("change", () => {
    zone = zones[byId("clock").value];
    retime();
    update();
  });
}

