/** Calls of the functions. */
import config from "../config.js";
import { Failure, judge, lost } from "./failure.js";

const ROOT = new URL("function/", config.gateway ? config.gateway.replace(/\/?$/, "/") : document.baseURI);
const SILENCE = 45_000; // below the 60 s after which proxies give up

/**
 * The document that a function answers to a POST, or without a body to a GET; after `silence` milliseconds without a word it
 * is given up. Throws Failure, or why `signal` ended it.
 */
export async function call(name, { body, key, token, signal, silence = SILENCE, onProgress } = {}) {
  signal?.throwIfAborted();
  const request = new XMLHttpRequest(); // fetch cannot tell how much is sent
  request.open(body ? "POST" : "GET", new URL(name, ROOT));
  if (key) request.setRequestHeader("Idempotency-Key", key);
  if (token) request.setRequestHeader("Authorization", `Bearer ${token}`);
  await send(request, body, { signal, silence, onProgress });
  return judge({
    status: request.status,
    type: request.getResponseHeader("Content-Type") ?? "",
    body: request.responseText,
    retryAfter: request.getResponseHeader("Retry-After"),
  });
}

function send(request, body, { signal, silence, onProgress }) {
  return new Promise((resolve, reject) => {
    let clock;
    const giveUp = (reason) => { reject(reason); request.abort(); };
    const listen = () => {
      clearTimeout(clock);
      clock = setTimeout(() => giveUp(new Failure("silent", { passing: true })), silence);
    };
    request.onload = resolve;
    request.onerror = () => reject(lost());
    request.onloadend = () => clearTimeout(clock);
    signal?.addEventListener("abort", () => giveUp(signal.reason), { once: true });
    if (onProgress) request.upload.onprogress = ({ loaded, total }) => { listen(); onProgress(loaded / total); };
    listen();
    request.send(body);
  });
}
