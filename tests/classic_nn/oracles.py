"""The readable slow versions: loops that follow the formula's indices."""

import math

import numpy as np


def linear(a, W, b):
    """z_nk = sum_j a_nj W_jk + b_k."""
    samples, outputs = len(a), W.shape[1]
    z = np.zeros((samples, outputs))
    for n in range(samples):
        for k in range(outputs):
            z[n, k] = b[k] + sum(a[n, j] * W[j, k] for j in range(len(W)))
    return z


def linear_gradients(dz, a, W):
    """dW_jk = sum_n a_nj dz_nk,  db_k = sum_n dz_nk,  da_nj = sum_k dz_nk W_jk."""
    (samples, inputs), outputs = a.shape, W.shape[1]
    dW, db, da = np.zeros_like(W), np.zeros(outputs), np.zeros_like(a)
    for n in range(samples):
        for k in range(outputs):
            db[k] += dz[n, k]
            for j in range(inputs):
                dW[j, k] += a[n, j] * dz[n, k]
                da[n, j] += dz[n, k] * W[j, k]
    return da, dW, db


def batch_norm(x, gamma, beta, epsilon):
    """y_nk = gamma_k (x_nk - mu_k) / sqrt(var_k + epsilon) + beta_k, feature by feature."""
    y = np.zeros_like(x)
    samples, features = x.shape
    for k in range(features):
        mean = sum(x[n, k] for n in range(samples)) / samples
        variance = sum((x[n, k] - mean) ** 2 for n in range(samples)) / samples
        for n in range(samples):
            y[n, k] = gamma[k] * (x[n, k] - mean) / math.sqrt(variance + epsilon) + beta[k]
    return y


def binary_cross_entropy(z, y):
    """Mean over samples and labels of -y log p - (1 - y) log(1 - p) with p = sigmoid(z)."""
    total = 0.0
    for row, targets in zip(z, y, strict=True):
        for logit, target in zip(row, targets, strict=True):
            p = 1 / (1 + math.exp(-logit))
            total -= target * math.log(p) + (1 - target) * math.log(1 - p)
    return total / z.size


def softmax_cross_entropy(z, classes):
    """Mean over samples of -log(exp(z_c) / sum_k exp(z_k)) for the true class c."""
    total = 0.0
    for row, true in zip(z, classes, strict=True):
        total -= math.log(math.exp(row[true]) / sum(math.exp(logit) for logit in row))
    return total / len(z)
