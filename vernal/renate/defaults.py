"""Default values, and names of the files in a state folder; ``renate.defaults`` of old."""

from __future__ import annotations

from typing import Literal

OPTIMIZER = "Adam"
LEARNING_RATE = 3e-4
MOMENTUM = 0.0
WEIGHT_DECAY = 0.0
LR_SCHEDULER_INTERVAL = "epoch"

LEARNER = "ER"
MAX_EPOCHS = 50
BATCH_SIZE = 32
BATCH_MEMORY_FRAC = 0.5
MEMORY_SIZE = 32
LOSS_WEIGHT = 1.0
LOSS_NORMALIZATION = 1
ER_ALPHA = 1.0
DER_ALPHA = 1.0
DER_BETA = 1.0
POD_ALPHA = 1.0
POD_DISTILLATION_TYPE: Literal["spatial"] = "spatial"
POD_NORMALIZE = 1
CLS_ALPHA = 0.5
CLS_BETA = 0.1
CLS_STABLE_MODEL_UPDATE_WEIGHT = 0.999
CLS_STABLE_MODEL_UPDATE_PROBABILITY = 0.7
CLS_PLASTIC_MODEL_UPDATE_WEIGHT = 0.999
CLS_PLASTIC_MODEL_UPDATE_PROBABILITY = 0.9
SER_DER_ALPHA = 1.0
SER_DER_BETA = 1.0
SER_SP_SHRINK_FACTOR = 0.95
SER_SP_SIGMA = 0.001
SER_POD_ALPHA = 1.0
SER_POD_DISTILLATION_TYPE: Literal["spatial"] = "spatial"
SER_POD_NORMALIZE = 1
SER_CLS_ALPHA = 0.1
SER_CLS_STABLE_MODEL_UPDATE_WEIGHT = 0.999
SER_CLS_STABLE_MODEL_UPDATE_PROBABILITY = 0.7
SER_CLS_PLASTIC_MODEL_UPDATE_WEIGHT = 0.999
SER_CLS_PLASTIC_MODEL_UPDATE_PROBABILITY = 0.9
EWC_LAMBDA = 0.4
LWF_ALPHA = 1.0
LWF_TEMPERATURE = 2.0
EARLY_STOPPING_PATIENCE = 3  # epochs

SEED = 0
TASK_ID = "default_task"
VALIDATION_SIZE = 0.0
WORKING_DIRECTORY = "renate_working_dir"

ACCELERATOR = "auto"
DEVICES = 1
DISTRIBUTED_STRATEGY = "ddp"
PRECISION = "32"

# Arguments of `run_training_job` that only jobs on SageMaker read.
INSTANCE_TYPE = "ml.c5.xlarge"
INSTANCE_COUNT = 1
INSTANCE_MAX_TIME = 3 * 24 * 3600.0  # seconds
N_WORKERS = 1
JOB_NAME = "renate"

MODEL_FILE = "model.ckpt"
HISTORY_FILE = "hpo.csv"


def data_folder(working_directory: str) -> str:
    """Where `data_module_fn` finds and leaves its data: its `data_path`."""
    return f"{working_directory.rstrip('/')}/data"


def input_state_folder(state_url: str) -> str:
    """Where the state lies that an update goes on from: the folder that the job before was told to write.

    Renate had a folder of its own for it below the working directory, so that ``model_file(input_state_folder(url))``,
    as its documentation had it, named a file that was never there. Here it does.
    """
    return state_url


def output_state_folder(state_url: str) -> str:
    """Where an update leaves its state: the folder that the job was told to write."""
    return state_url


def model_file(state_folder: str) -> str:
    """The model's checkpoint: what to give to `model_fn`.

    Examples:
        >>> model_file(input_state_folder("./output_folder/"))
        './output_folder/model.ckpt'
    """
    return f"{state_folder.rstrip('/')}/{MODEL_FILE}"


def hpo_file(state_folder: str) -> str:
    """The table of all updates so far."""
    return f"{state_folder.rstrip('/')}/{HISTORY_FILE}"
