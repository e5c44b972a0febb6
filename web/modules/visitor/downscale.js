/** The file that is uploaded of a photo: small and upright, unless the operator wants originals. */
import config from "../../config.js";

const MOST_PIXELS = 1024;
const QUALITY = 0.9;
const ACCEPTED = ["image/jpeg", "image/png", "image/webp"];

/** The picture to upload. What this browser cannot decode is left as it is: the service judges it. */
export async function downscaled(file) {
  if (config.originals) return file;
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    return isFine(picture, file) ? file : await redrawn(picture);
  } catch {
    return file;
  }
}

/** SHA-256 of the bytes, in hexadecimal, by which the same picture is recognised; null where the page is served by http. */
export async function digest(blob) {
  if (!globalThis.crypto?.subtle) return null;
  const hash = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function isFine({ width, height }, { type }) {
  return Math.max(width, height) <= MOST_PIXELS && ACCEPTED.includes(type);
}

function redrawn(picture) {
  const scale = Math.min(1, MOST_PIXELS / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const context = canvas.getContext("2d", { alpha: false });
  context.fillStyle = "white"; // behind what is transparent
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture came out"))), "image/jpeg", QUALITY);
  });
}
