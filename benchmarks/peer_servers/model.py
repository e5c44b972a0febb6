"""What a team would write instead of predict: a picture is classified and kept, and below 0.7 a task made for people.

Model, store and metadata are chosen by the environment: MODEL (a file), CLASSES, INPUT (of its card), S3_ENDPOINT,
BUCKET, and boto3's own variables.
"""

import json
import os
import uuid
from io import BytesIO
from typing import Any

import boto3
import numpy as np
import onnxruntime as ort
from PIL import Image

WORKERS, THRESHOLD = 2, 0.7


class Model:
    """Opened once per worker."""

    def __init__(self) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = ort.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0].name
        self.classes, how = json.loads(os.environ["CLASSES"]), json.loads(os.environ["INPUT"])
        self.size, self.bucket = how["size"], os.environ["BUCKET"]
        self.mean, self.std = np.array(how["mean"], np.float32), np.array(how["std"], np.float32)
        self.s3 = boto3.client("s3", endpoint_url=os.environ["S3_ENDPOINT"])

    def answer(self, body: bytes) -> dict[str, Any]:
        """An id, the class and the confidence, once all is stored."""
        image = Image.open(BytesIO(body))
        image.draft("RGB", (2 * self.size, 2 * self.size))
        small = image.convert("RGB").resize((self.size, self.size), Image.Resampling.BILINEAR)
        pixels = (np.asarray(small, np.float32) / 255 - self.mean) / self.std
        (probabilities,) = self.session.run(None, {self.input: pixels.transpose(2, 0, 1)[None]})[0]
        best = int(probabilities.argmax())
        name, confidence, key = self.classes[best], float(probabilities[best]), str(uuid.uuid4())
        about = {"class": str(best), "confidence": f"{confidence:.4f}", "model": "demo"}
        if confidence < THRESHOLD:
            self._put(f"review/{key}.jpg", body, about)
            task = {"data": {"image": f"s3://{self.bucket}/review/{key}.jpg"}}
            self.s3.put_object(Bucket=self.bucket, Key=f"tasks/{key}.json", Body=json.dumps(task))
        self._put(f"predictions/{key}.jpg", body, about)
        return {"prediction_id": key, "class": name, "confidence": confidence}

    def _put(self, key: str, body: bytes, about: dict[str, str]) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType="image/jpeg", Metadata=about)
