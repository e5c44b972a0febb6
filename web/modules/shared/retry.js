/** Tries a call again, with exponential backoff. */

const MOST_TRIES = 10; // about three minutes
const MOST_BACKOFF = 30;
const MOST_WAIT = 3600;

/**
 * Attempt until it succeeds. Before each wait `onWait` gets {failure, until, now}: the time of the next try (null: when the
 * browser is online again), and a function that tries at once, unless the service asked to stay away. Throws a failure that
 * does not pass, the last of many, or the reason of `signal`.
 */
export async function retry(attempt, { signal, onWait = () => {} } = {}) {
  for (let tries = 1; ;) {
    try {
      return await attempt();
    } catch (failure) {
      if (!failure.passing || tries === MOST_TRIES) throw failure;
      await wait(failure, backoff(tries, failure), { signal, onWait });
      if (failure.kind !== "offline") tries += 1;
    }
  }
}

/** 1, 2, 4, 8 … seconds with jitter, so that visitors who failed together do not come back together; at least Retry-After. */
function backoff(tries, failure) {
  const own = Math.min(2 ** (tries - 1), MOST_BACKOFF) * (1 + Math.random() / 4);
  return Math.min(Math.max(own, failure.wait), MOST_WAIT);
}

function wait(failure, seconds, { signal, onWait }) {
  const isOffline = failure.kind === "offline";
  const isBusy = failure.kind === "busy";
  return new Promise((resolve, reject) => {
    const listeners = new AbortController();
    const end = (then, outcome) => { listeners.abort(); clearTimeout(timer); then(outcome); };
    const timer = isOffline ? undefined : setTimeout(() => end(resolve), seconds * 1000);
    if (!isBusy) addEventListener("online", () => end(resolve), { signal: listeners.signal });
    signal?.addEventListener("abort", () => end(reject, signal.reason), { signal: listeners.signal });
    onWait({
      failure,
      until: isOffline ? null : Date.now() + seconds * 1000,
      now: isBusy ? undefined : () => end(resolve),
    });
  });
}
