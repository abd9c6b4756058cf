#!/usr/bin/env python3
"""Times a regression of scikit-learn, for the comparison in peers_test.go.

    time_sklearn.py pls|ridgecv FOLDER TRAIN

FOLDER holds x.npy (n_stimuli x n_features) and y.npy (n_stimuli x n_neuroids); the first TRAIN
stimuli are fitted and the others predicted into predicted.npy. Prints the seconds of fitting and
predicting and the peak memory of the process in bytes. Made for scikit-learn 1.2.1.
"""
import os
import sys
import time
import warnings

import numpy as np
from sklearn.cross_decomposition import PLSRegression
from sklearn.linear_model import RidgeCV

method, folder, train = sys.argv[1], sys.argv[2], int(sys.argv[3])
warnings.simplefilter("ignore")  # NIPALS' 500 iterations are not always enough; that is the rule to keep
x, y = (np.load(os.path.join(folder, name + ".npy")) for name in "xy")
model = {
    "pls": lambda: PLSRegression(n_components=25, scale=False),
    "ridgecv": lambda: RidgeCV(alphas=10.0 ** np.arange(-2, 9), alpha_per_target=True),
}[method]()
begun = time.perf_counter()
model.fit(x[:train], y[:train])
predicted = model.predict(x[train:])
seconds = time.perf_counter() - begun
np.save(os.path.join(folder, "predicted.npy"), predicted)
# Not resource.getrusage's: that begins with the peak of the process that started this one.
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
print(seconds, peak)
