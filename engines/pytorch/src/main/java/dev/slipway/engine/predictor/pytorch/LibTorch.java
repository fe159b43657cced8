package dev.slipway.engine.predictor.pytorch;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtEngine;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.JniUtils;
import dev.slipway.engine.error.UnsupportedModelException;

/**
 * The native library, one for the process. It unpacks once, into the folder that DJL's {@code
 * DJL_CACHE_DIR} names ({@code ~/.djl.ai}), and is never downloaded.
 *
 * <p>Any thread may call it.
 */
final class LibTorch {

  /** The version that the module brings. */
  static final String VERSION = "2.7.1";

  private static final String NATIVES = "native/lib/pytorch.properties";
  private static final String THREADS = "ai.djl.pytorch.num_threads";
  private static final int MAX_WORDS = 2000;

  private LibTorch() {}

  /**
   * Loads the library if nobody has yet.
   *
   * @throws UnsupportedModelException if it is not on the class path, or not for this machine
   */
  static synchronized void start() {
    ClassLoader loader = LibTorch.class.getClassLoader();
    if (loader.getResource(NATIVES) == null) {
      throw new UnsupportedModelException(
          "the engine for PyTorch is here without its native library: build engines/pytorch with"
              + " -Pengines and put all of its jars on the class path");
    }
    configure();
    // DJL finds engines by the loader of the thread, which here is whatever loads models.
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    Thread.currentThread().setContextClassLoader(loader);
    try {
      Engine.getEngine(PtEngine.ENGINE_NAME);
    } catch (EngineException | LinkageError | AssertionError e) {
      throw new UnsupportedModelException(
          "libtorch "
              + VERSION
              + " does not load on "
              + System.getProperty("os.name")
              + " "
              + System.getProperty("os.arch")
              + ": "
              + e.getMessage(),
          e);
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
  }

  /**
   * One thread per call, the caller's, unless the command line says more: parallel calls share the
   * cores better than threads inside a call. DJL fetches no libraries and tells nobody that it
   * runs.
   */
  private static void configure() {
    setDefault("ai.djl.offline", "true");
    setDefault("OPT_OUT_TRACKING", "true");
    setDefault(THREADS, "1");
    setDefault("ai.djl.pytorch.num_interop_threads", "1");
  }

  private static void setDefault(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  /**
   * Makes the calling thread compute with the threads that are set. OpenMP and MKL keep their
   * number for each thread apart, and begin with all cores on one that they have not met.
   */
  static void enter() {
    JniUtils.setNumThreads(Integer.getInteger(THREADS, 1));
  }

  /** Returns a new owner of native memory, which is freed when it is closed. */
  static PtNDManager newManager() {
    return (PtNDManager) NDManager.newBaseManager(Device.cpu(), PtEngine.ENGINE_NAME);
  }

  /** Returns the words of a failure, without the native stack trace. */
  static String words(RuntimeException failure) {
    String text = String.valueOf(failure.getMessage());
    int trace = text.indexOf("\nException raised from");
    String words = (trace < 0 ? text : text.substring(0, trace)).strip();
    return words.length() <= MAX_WORDS ? words : words.substring(0, MAX_WORDS) + "...";
  }
}
