/** Lets a few tasks run at a time, in the order in which they came. */
export class Semaphore {
  #free;
  #queue = [];

  constructor(count) {
    this.#free = count;
  }

  /** What the task returns, once it had its turn. Throws the reason of `signal` when that ends the wait. */
  async run(task, signal) {
    await this.#acquire(signal);
    try {
      return await task();
    } finally {
      const next = this.#queue.shift();
      if (next) next();
      else this.#free += 1;
    }
  }

  #acquire(signal) {
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      this.#queue.push(resolve);
      signal.addEventListener("abort", () => {
        this.#queue = this.#queue.filter((waiting) => waiting !== resolve);
        reject(signal.reason);
      }, { once: true });
    });
  }
}
