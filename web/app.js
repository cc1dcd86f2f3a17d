// The first page: every auction with its live price; one of them followed event by event, with a form to bid.
// One WebSocket watches: `latest` states for the list, every event for the auction that is open. Bids go over HTTP.
import { parse, show } from "./money.js";
import { texts } from "./texts.js";

const MAX_EVENTS = 200;
const MAX_AUCTIONS = 500;
const byId = (id) => document.getElementById(id);
const auctions = new Map(); // id -> the newest state known
const cards = new Map(); // id -> its elements

let language = localStorage.getItem("language") ?? (navigator.language.startsWith("zh") ? "zh" : "en");
let current = null; // the id of the auction that is open
let place = null; // {epoch, sequence} of its last event seen
let socket = null;
let clock_ahead_ms = 0; // of the server's clock
let retry_ms = 500;
let unanswered = null; // the last bid without a known outcome: {auction, bidder, amount, key}

function say(name, ...values) {
  const text = texts[language][name];
  return typeof text === "function" ? text(...values) : (text ?? name);
}

function make(tag, class_name, text = "") {
  const element = document.createElement(tag);
  element.className = class_name;
  element.textContent = text;
  return element;
}

function remaining(until) {
  const seconds = Math.max(0, Math.round((Date.parse(until) - Date.now() - clock_ahead_ms) / 1000));
  const two = (n) => String(n % 60).padStart(2, "0");
  const clock = `${String(Math.floor(seconds / 3600) % 24).padStart(2, "0")}:${two(Math.floor(seconds / 60))}:${two(seconds)}`;
  return seconds >= 86400 ? `${Math.floor(seconds / 86400)}d ${clock}` : clock;
}

function clock_of(auction) {
  if (auction.state === "open") return say("ends", remaining(auction.closes_at));
  if (auction.state === "scheduled") return say("opens", remaining(auction.opens_at));
  return "";
}

function who(auction) {
  if (auction.state === "closed") return auction.sold ? say("won", auction.winner) : say("unsold");
  return auction.leader ? say("leads", auction.leader) : say("nobody");
}

function set_price(element, auction) {
  const text = show(auction.price ?? auction.opening_price, auction.currency);
  if (element.textContent === text) return;
  const first = element.textContent === "";
  element.textContent = text;
  element.classList.remove("moved");
  if (!first) requestAnimationFrame(() => element.classList.add("moved"));
}

function make_card(id) {
  const item = document.createElement("li");
  const link = make("a", "card");
  link.href = `#${id}`;
  const card = { name: make("p", "name"), price: make("p", "price"), leader: make("p", "quiet"),
    badge: make("span", "badge"), clock: make("span", "clock") };
  const row = make("p", "row");
  row.append(card.badge, card.clock);
  link.append(card.name, card.price, card.leader, row);
  item.append(link);
  byId("list").append(item);
  cards.set(id, card);
  return card;
}

function draw_card(auction) {
  const card = cards.get(auction.id) ?? make_card(auction.id);
  card.name.textContent = auction.title;
  card.badge.textContent = say(auction.state);
  card.badge.className = `badge ${auction.state}`;
  card.clock.textContent = clock_of(auction);
  card.leader.textContent = `${who(auction)} · ${say("bids", auction.bids)}`;
  set_price(card.price, auction);
}

function draw_one() {
  const auction = auctions.get(current);
  if (!auction) return;
  byId("title").textContent = auction.title;
  byId("description").textContent = auction.description;
  byId("state").textContent = say(auction.state);
  byId("state").className = `badge ${auction.state}`;
  byId("clock").textContent = clock_of(auction);
  byId("price-label").textContent = say(auction.price === null ? "opening" : "price");
  byId("leader").textContent = `${who(auction)} · ${say("bids", auction.bids)}`;
  set_price(byId("price"), auction);
  // What the bidder has typed stays; what the page has proposed follows the price.
  const amount = byId("amount");
  const least = auction.minimum_next === null ? "" : show(auction.minimum_next, auction.currency, true);
  if (amount.value === "" || amount.value === amount.dataset.proposed) amount.value = least;
  amount.dataset.proposed = least;
  document.querySelector("#bid-form button").disabled = auction.state !== "open";
}

function draw_event(event, currency) {
  let values = [];
  if (event.event === "bid_accepted") values = [event.bidder, show(event.amount, currency)];
  if (event.event === "extended") values = [new Date(event.closes_at).toLocaleTimeString(language)];
  const item = make("li", "", say(`event_${event.event}`, ...values));
  item.value = event.sequence;
  byId("events").prepend(item);
  while (byId("events").childElementCount > MAX_EVENTS) byId("events").lastElementChild.remove();
}

function tell(text, good) {
  byId("answer").textContent = text;
  byId("answer").className = `answer ${good ? "good" : "bad"}`;
}

// What each event changes of the state that the page shows.
const changes = {
  opened: () => ({ state: "open" }),
  bid_accepted: ({ price, leader, minimum_next }, auction) => ({ price, leader, minimum_next, bids: auction.bids + 1 }),
  extended: ({ closes_at, extensions }) => ({ closes_at, extensions }),
  closed: ({ winner, sold }) => ({ state: "closed", winner, sold }),
  cancelled: () => ({ state: "cancelled" }),
};

function keep(auction) {
  const known = auctions.get(auction.id);
  if (known && known.epoch === auction.epoch && known.sequence > auction.sequence) return;
  auctions.set(auction.id, auction);
  clock_ahead_ms = Date.parse(auction.server_time) - Date.now();
  byId("empty").hidden = true;
  draw_card(auction);
  if (auction.id === current) draw_one();
}

function start_over({ auction }) {
  auctions.delete(auction.id);
  keep(auction);
  if (auction.id === current) place = { epoch: auction.epoch, sequence: auction.sequence };
}

function on_event(frame) {
  const auction = auctions.get(current);
  if (frame.auction_id !== current || !auction) return;
  place = { epoch: frame.epoch, sequence: frame.sequence };
  draw_event(frame, auction.currency);
  if (frame.sequence <= auction.sequence) return;
  Object.assign(auction, changes[frame.event]?.(frame, auction), { sequence: frame.sequence });
  draw_card(auction);
  draw_one();
}

const handlers = {
  snapshot: start_over,
  reset: (frame) => {
    if (frame.auction.id === current) byId("events").replaceChildren();
    start_over(frame);
  },
  state: ({ type, auction_id, ...moved }) => {
    const known = auctions.get(auction_id);
    if (known) keep({ ...known, ...moved });
  },
  event: on_event,
};

function subscribe(id) {
  if (socket?.readyState !== WebSocket.OPEN) return;
  const going_on = place && { epoch: place.epoch, after_sequence: place.sequence };
  const how = id === current ? going_on : { mode: "latest" };
  socket.send(JSON.stringify({ type: "subscribe", auction_id: id, ...how }));
}

function show_link(on) {
  byId("link").textContent = say(on ? "connected" : "connecting");
  byId("link").classList.toggle("on", on);
}

function connect() {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/v1/stream`, "flashbid.v1");
  socket.onopen = () => {
    retry_ms = 500;
    show_link(true);
    for (const id of auctions.keys()) subscribe(id);
    load();
  };
  socket.onmessage = (message) => {
    const frame = JSON.parse(message.data);
    handlers[frame.type]?.(frame);
  };
  socket.onclose = () => {
    show_link(false);
    setTimeout(connect, retry_ms * (0.5 + Math.random()));
    retry_ms = Math.min(retry_ms * 2, 10000);
  };
}

async function fetch_json(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

// New auctions turn up by asking; those that are known tell of themselves.
async function load() {
  try {
    let cursor = "";
    do {
      const page = await fetch_json(`/v1/auctions?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      for (const auction of page.auctions) {
        if (auctions.has(auction.id)) continue;
        keep(auction);
        if (auction.state === "open" || auction.state === "scheduled") subscribe(auction.id);
      }
      cursor = page.next_cursor ?? "";
    } while (cursor && auctions.size < MAX_AUCTIONS);
    byId("empty").hidden = auctions.size > 0;
  } catch (error) {
    console.warn(error); // the server is away: asked again when the socket is back
  }
}

async function show_history(id) {
  try {
    const auction = auctions.get(id) ?? await fetch_json(`/v1/auctions/${id}`);
    const after = Math.max(0, auction.sequence - MAX_EVENTS);
    const page = await fetch_json(`/v1/auctions/${id}/events?after_sequence=${after}&limit=${MAX_EVENTS}`);
    if (current !== id) return;
    keep(auction);
    draw_one();
    for (const event of page.events) draw_event(event, auction.currency);
    const last = page.events.at(-1);
    place = last ? { epoch: last.epoch, sequence: last.sequence } : null;
  } catch (error) {
    console.warn(error);
  }
  if (current === id) subscribe(id);
}

function open_by_address() {
  const before = current;
  const id = Number(location.hash.slice(1));
  current = Number.isSafeInteger(id) && id > 0 ? id : null;
  place = null;
  if (before !== null && before !== current) subscribe(before);
  byId("list-view").hidden = current !== null;
  byId("one-view").hidden = current === null;
  if (current === null) return;
  byId("events").replaceChildren();
  byId("amount").value = "";
  byId("price").textContent = "";
  tell("", true);
  draw_one();
  show_history(current);
}

function translate() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = say(element.dataset.text);
  byId("language").textContent = say("other");
  show_link(socket?.readyState === WebSocket.OPEN);
  for (const auction of auctions.values()) draw_card(auction);
  open_by_address();
}

// A bid whose outcome is not known keeps its key: the same bid again learns it and is no second one.
function key_of(bid) {
  const same = unanswered && ["auction", "bidder", "amount"].every((name) => unanswered[name] === bid[name]);
  return same ? unanswered.key : Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join("-");
}

async function bid_now(auction, bidder, amount) {
  const bid = { auction: auction.id, bidder, amount };
  unanswered = { ...bid, key: key_of(bid) };
  let result;
  try {
    const response = await fetch(`/v1/auctions/${auction.id}/bids`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Bidder": bidder, "Idempotency-Key": unanswered.key },
      body: JSON.stringify({ amount }),
    });
    result = await response.json();
  } catch {
    return tell(say("unknown"), false);
  }
  if (result.code === "outcome_unknown") return tell(say("unknown"), false);
  unanswered = null;
  if (result.verdict === "accepted") return tell(say("accepted", show(result.amount, auction.currency)), true);
  if (result.verdict !== "rejected") return tell(result.detail, false);
  const least = result.minimum_next === null ? "" : show(result.minimum_next, auction.currency);
  return tell(say(`reason_${result.reason}`, least), false);
}

byId("bid-form").onsubmit = (submitted) => {
  submitted.preventDefault();
  const auction = auctions.get(current);
  const amount = auction ? parse(byId("amount").value, auction.currency) : null;
  if (amount === null) return tell(say("not_an_amount"), false);
  const bidder = byId("bidder").value.trim();
  localStorage.setItem("bidder", bidder);
  return bid_now(auction, bidder, amount);
};

byId("language").onclick = () => {
  language = language === "zh" ? "en" : "zh";
  localStorage.setItem("language", language);
  translate();
};

window.onhashchange = open_by_address;
setInterval(() => {
  for (const auction of auctions.values()) cards.get(auction.id).clock.textContent = clock_of(auction);
  if (auctions.has(current)) byId("clock").textContent = clock_of(auctions.get(current));
}, 1000);
setInterval(load, 10000);

byId("bidder").value = localStorage.getItem("bidder") ?? "";
translate();
connect();
