/** What a screen reader is told, without the focus going anywhere. */

const KEPT = 5;

const region = document.querySelector('[data-module="announcer"]');

/** Have a sentence read out after those before it. */
export function announce(sentence) {
  const line = document.createElement("p");
  line.textContent = sentence;
  region.append(line);
  while (region.children.length > KEPT) region.firstElementChild.remove();
}
