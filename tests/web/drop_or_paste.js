([event, name, bytes]) => {
  const brought = new DataTransfer();
  brought.items.add(new File([new Uint8Array(bytes)], name, { type: "image/jpeg" }));
  const options = { bubbles: true, cancelable: true, dataTransfer: brought, clipboardData: brought };
  document.body.dispatchEvent(event === "paste" ? new ClipboardEvent(event, options) : new DragEvent(event, options));
}
