"""Print the runs of the MLflow store in this folder as JSON; run in a process of its own."""

import json
import sys
from pathlib import Path

import mlflow

mlflow.set_tracking_uri(f"sqlite:///{Path.cwd()}/mlflow.db")
client = mlflow.MlflowClient()
experiment = client.get_experiment_by_name("hbir")
WANTED = (
    "train/loss",
    "train/learning_rate",
    "validation/loss",
    "cldr/multilingual/map",
    "1 main/multilingual mAP cldr",
)
runs = []
for run in client.search_runs([experiment.experiment_id]):
    data = run.data
    runs.append(
        {
            "fingerprint": data.tags["hbir.fingerprint"],
            "evaluation": data.tags.get("hbir.evaluation"),
            "experiments": sorted(filter(None, data.tags.get("hbir.experiments", "").split(", "))),
            "scores": data.metrics.get("cldr/multilingual/map"),
            "sampler": data.params["sampler"],
            "seed": data.params.get("seed"),  # a rival has none, nor a temperature
            "temperature": data.params.get("temperature"),
            "complete": run.info.status == "FINISHED"
            and all(name in data.metrics for name in WANTED)
            and Path(experiment.artifact_location.removeprefix("file://")).is_dir(),
        }
    )
sys.stdout.write(json.dumps(runs))
