/** What is sent of a photo: small and upright, unless the operator wants originals. */
import config from "../config.js";

const MOST_SIDE = 1024;
const QUALITY = 0.9;
const TAKEN = ["image/jpeg", "image/png", "image/webp"];

/** The picture to send. What this browser cannot decode is sent as it is: the service says what it thinks of it. */
export async function prepared(file) {
  if (config.originals) return file;
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    return isFine(picture, file) ? file : await redrawn(picture);
  } catch {
    return file;
  }
}

/** Names the bytes, so that the same picture is known again; null where the page is not served safely (http). */
export async function digest(blob) {
  if (!globalThis.crypto?.subtle) return null;
  const hash = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function isFine({ width, height }, { type }) {
  return Math.max(width, height) <= MOST_SIDE && TAKEN.includes(type);
}

function redrawn(picture) {
  const scale = Math.min(1, MOST_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const pen = canvas.getContext("2d", { alpha: false });
  pen.fillStyle = "white"; // behind what is transparent
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture came out"))), "image/jpeg", QUALITY);
  });
}
