/** Calls the functions over HTTP. */
import config from "../../config.js";
import { Failure, documentOf, networkFailure } from "./failure.js";

const ROOT = new URL("function/", config.gateway ? config.gateway.replace(/\/?$/, "/") : document.baseURI);
const TIMEOUT = 45_000; // below the 60 s after which proxies give up

/**
 * The document that a function answers to a POST, or without a body to a GET. `timeout`: milliseconds without progress.
 * Throws Failure, or the reason of `signal`.
 */
export async function call(name, { body, key, token, signal, timeout = TIMEOUT, onProgress } = {}) {
  signal?.throwIfAborted();
  const request = new XMLHttpRequest(); // fetch does not report how much is sent
  request.open(body ? "POST" : "GET", new URL(name, ROOT));
  if (key) request.setRequestHeader("Idempotency-Key", key);
  if (token) request.setRequestHeader("Authorization", `Bearer ${token}`);
  await send(request, body, { signal, timeout, onProgress });
  return documentOf({
    status: request.status,
    contentType: request.getResponseHeader("Content-Type") ?? "",
    body: request.responseText,
    retryAfter: request.getResponseHeader("Retry-After"),
  });
}

function send(request, body, { signal, timeout, onProgress }) {
  return new Promise((resolve, reject) => {
    let timer;
    const abort = (reason) => { reject(reason); request.abort(); };
    const restart = () => {
      clearTimeout(timer);
      timer = setTimeout(() => abort(new Failure("silent", { passing: true })), timeout);
    };
    request.onload = resolve;
    request.onerror = () => reject(networkFailure());
    request.onloadend = () => clearTimeout(timer);
    signal?.addEventListener("abort", () => abort(signal.reason), { once: true });
    if (onProgress) request.upload.onprogress = ({ loaded, total }) => { restart(); onProgress(loaded / total); };
    restart();
    request.send(body);
  });
}
