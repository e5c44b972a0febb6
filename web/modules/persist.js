/** Trying again, with patience. */

const MOST_TRIES = 10; // about three minutes
const MOST_PAUSE = 30;
const MOST_WAIT = 3600;

/**
 * Attempt until it succeeds. Before each pause `onWait` gets {failure, until, now}: when the next try is (null: when the
 * browser is online again), and a function that tries at once, unless we were told to stay away. Throws a failure that does
 * not pass, the last of many, or why `signal` stopped it.
 */
export async function persist(attempt, { signal, onWait = () => {} } = {}) {
  for (let tries = 1; ;) {
    try {
      return await attempt();
    } catch (failure) {
      if (!failure.passing || tries === MOST_TRIES) throw failure;
      await pause(failure, secondsAfter(tries, failure), { signal, onWait });
      if (failure.kind !== "offline") tries += 1;
    }
  }
}

/** 1, 2, 4, 8 … and a bit of chance, so that visitors who failed together come back one by one; or what we were told. */
function secondsAfter(tries, failure) {
  const own = Math.min(2 ** (tries - 1), MOST_PAUSE) * (1 + Math.random() / 4);
  return Math.min(Math.max(own, failure.wait), MOST_WAIT);
}

function pause(failure, seconds, { signal, onWait }) {
  const isOffline = failure.kind === "offline";
  const isTold = failure.kind === "busy";
  return new Promise((resolve, reject) => {
    const over = new AbortController();
    const end = (then, outcome) => { over.abort(); clearTimeout(timer); then(outcome); };
    const timer = isOffline ? undefined : setTimeout(() => end(resolve), seconds * 1000);
    if (!isTold) addEventListener("online", () => end(resolve), { signal: over.signal });
    signal?.addEventListener("abort", () => end(reject, signal.reason), { signal: over.signal });
    onWait({
      failure,
      until: isOffline ? null : Date.now() + seconds * 1000,
      now: isTold ? undefined : () => end(resolve),
    });
  });
}
