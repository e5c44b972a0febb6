/** A few things at a time, in the order in which they came. */
export class Slots {
  #free;
  #line = [];

  constructor(count) {
    this.#free = count;
  }

  /** What the task returns, once it had its turn. Throws why `signal` ended the waiting. */
  async run(task, signal) {
    await this.#turn(signal);
    try {
      return await task();
    } finally {
      const next = this.#line.shift();
      if (next) next();
      else this.#free += 1;
    }
  }

  #turn(signal) {
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      this.#line.push(resolve);
      signal.addEventListener("abort", () => {
        this.#line = this.#line.filter((waiting) => waiting !== resolve);
        reject(signal.reason);
      }, { once: true });
    });
  }
}
