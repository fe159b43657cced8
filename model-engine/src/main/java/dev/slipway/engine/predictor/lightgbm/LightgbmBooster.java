package dev.slipway.engine.predictor.lightgbm;

import com.microsoft.ml.lightgbm.SWIGTYPE_p_double;
import com.microsoft.ml.lightgbm.SWIGTYPE_p_int;
import com.microsoft.ml.lightgbm.SWIGTYPE_p_long_long;
import com.microsoft.ml.lightgbm.SWIGTYPE_p_p_void;
import com.microsoft.ml.lightgbm.SWIGTYPE_p_void;
import com.microsoft.ml.lightgbm.lightgbmlib;
import com.microsoft.ml.lightgbm.lightgbmlibConstants;
import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.PredictionException;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;

/**
 * LightGBM's booster in native memory.
 *
 * <p><b>Threads.</b> Any number may predict at once. LightGBM's fast call for single rows holds one
 * set of buffers per booster, behind a lock of its own: about 5 µs a row for a hundred trees, where
 * the call for matrices, which runs in parallel, takes 13 µs for one row and the same 5 µs a row
 * for many. So who finds the fast call free takes it, and everybody else the matrix.
 */
final class LightgbmBooster implements AutoCloseable {

  /** LightGBM's default is all cores, which costs a row ten times more than one thread does. */
  private static final String PARAMETERS = "num_threads=1";

  /** Bounds native memory per call, and how long the fast call may wait for a matrix. */
  private static final int MATRIX_VALUES = 1 << 16;

  private static final int FIRST_ITERATION = 0;
  private static final int ALL_ITERATIONS = -1;
  private static final int ROW_MAJOR = 1;

  private final int features;
  private final int width;
  private final SWIGTYPE_p_p_void boosterHandle;
  private final SWIGTYPE_p_p_void fastHandle;
  private final SWIGTYPE_p_void booster;
  private final SWIGTYPE_p_void fast;
  private final ReentrantLock fastFree = new ReentrantLock();
  private final SWIGTYPE_p_double fastRow;
  private final SWIGTYPE_p_long_long fastLength = lightgbmlib.new_int64_tp();
  private boolean closed;

  private LightgbmBooster(
      SWIGTYPE_p_p_void boosterHandle, SWIGTYPE_p_p_void fastHandle, int features, int width) {
    this.boosterHandle = boosterHandle;
    this.fastHandle = fastHandle;
    this.booster = lightgbmlib.voidpp_value(boosterHandle);
    this.fast = lightgbmlib.voidpp_value(fastHandle);
    this.features = features;
    this.width = width;
    this.fastRow = lightgbmlib.new_doubleArray(width);
  }

  /**
   * Loads a checked model.
   *
   * @throws ModelPackageException if LightGBM refuses it
   */
  static LightgbmBooster load(LightgbmModelFile model, String name) {
    LightgbmNative.load();
    int features = model.featureNames().size();
    SWIGTYPE_p_p_void booster = lightgbmlib.new_voidpp();
    SWIGTYPE_p_int iterations = lightgbmlib.new_intp();
    SWIGTYPE_p_p_void fast = lightgbmlib.new_voidpp();
    try {
      if (lightgbmlib.LGBM_BoosterLoadModelFromString(model.text(), iterations, booster) != 0) {
        throw refusal(name);
      }
      SWIGTYPE_p_void handle = lightgbmlib.voidpp_value(booster);
      if (lightgbmlib.LGBM_BoosterPredictForMatSingleRowFastInit(
              handle,
              lightgbmlibConstants.C_API_PREDICT_NORMAL,
              FIRST_ITERATION,
              ALL_ITERATIONS,
              lightgbmlibConstants.C_API_DTYPE_FLOAT64,
              features,
              PARAMETERS,
              fast)
          != 0) {
        ModelPackageException refusal = refusal(name);
        lightgbmlib.LGBM_BoosterFree(handle);
        throw refusal;
      }
      return new LightgbmBooster(booster, fast, features, model.width());
    } catch (ModelPackageException e) {
      lightgbmlib.delete_voidpp(booster);
      lightgbmlib.delete_voidpp(fast);
      throw e;
    } finally {
      lightgbmlib.delete_intp(iterations);
    }
  }

  private static ModelPackageException refusal(String name) {
    return new ModelPackageException(
        "LightGBM cannot load " + name + ": " + lightgbmlib.LGBM_GetLastError());
  }

  /**
   * Answers rows.
   *
   * @param values {@code [rows, features]} in row-major order; NaN is missing
   * @return {@code [rows, width]} in row-major order
   * @throws PredictionException if LightGBM fails
   */
  double[] predict(double[] values, int rows) {
    if (!fastFree.tryLock()) {
      return predictMatrix(values, rows);
    }
    try {
      return predictRows(values, rows);
    } finally {
      fastFree.unlock();
    }
  }

  private double[] predictRows(double[] values, int rows) {
    double[] answers = new double[Math.multiplyExact(rows, width)];
    for (int row = 0; row < rows; row++) {
      double[] one =
          rows == 1 ? values : Arrays.copyOfRange(values, row * features, (row + 1) * features);
      check(
          lightgbmlib.LGBM_BoosterPredictForMatSingleRowFastCriticalSWIG(
              one, fast, fastLength, fastRow));
      for (int column = 0; column < width; column++) {
        answers[row * width + column] = lightgbmlib.doubleArray_getitem(fastRow, column);
      }
    }
    return answers;
  }

  /** Answers as {@link #predict} does when the fast call is taken. */
  double[] predictMatrix(double[] values, int rows) {
    double[] answers = new double[Math.multiplyExact(rows, width)];
    int chunk = Math.min(rows, Math.max(1, MATRIX_VALUES / Math.max(features, width)));
    SWIGTYPE_p_double from = lightgbmlib.new_doubleArray((long) chunk * features);
    SWIGTYPE_p_double to = lightgbmlib.new_doubleArray((long) chunk * width);
    SWIGTYPE_p_long_long length = lightgbmlib.new_int64_tp();
    try {
      for (int first = 0; first < rows; first += chunk) {
        int count = Math.min(chunk, rows - first);
        for (int i = 0; i < count * features; i++) {
          lightgbmlib.doubleArray_setitem(from, i, values[first * features + i]);
        }
        check(
            lightgbmlib.LGBM_BoosterPredictForMat(
                booster,
                lightgbmlib.double_to_voidp_ptr(from),
                lightgbmlibConstants.C_API_DTYPE_FLOAT64,
                count,
                features,
                ROW_MAJOR,
                lightgbmlibConstants.C_API_PREDICT_NORMAL,
                FIRST_ITERATION,
                ALL_ITERATIONS,
                PARAMETERS,
                length,
                to));
        for (int i = 0; i < count * width; i++) {
          answers[first * width + i] = lightgbmlib.doubleArray_getitem(to, i);
        }
      }
    } finally {
      lightgbmlib.delete_doubleArray(from);
      lightgbmlib.delete_doubleArray(to);
      lightgbmlib.delete_int64_tp(length);
    }
    return answers;
  }

  private static void check(int status) {
    if (status != 0) {
      throw new PredictionException("LightGBM failed: " + lightgbmlib.LGBM_GetLastError());
    }
  }

  /** Frees the native memory. No call may be running or follow. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    lightgbmlib.LGBM_FastConfigFree(fast);
    lightgbmlib.LGBM_BoosterFree(booster);
    lightgbmlib.delete_voidpp(fastHandle);
    lightgbmlib.delete_voidpp(boosterHandle);
    lightgbmlib.delete_doubleArray(fastRow);
    lightgbmlib.delete_int64_tp(fastLength);
  }
}
