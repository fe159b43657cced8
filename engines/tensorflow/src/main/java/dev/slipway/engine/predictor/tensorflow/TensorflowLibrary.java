package dev.slipway.engine.predictor.tensorflow;

import dev.slipway.engine.error.UnsupportedModelException;
import org.tensorflow.TensorFlow;
import org.tensorflow.proto.ConfigProto;

/**
 * The native library, one for the process. It unpacks once, into the folder that the property
 * {@code org.bytedeco.javacpp.cachedir} names ({@code ~/.javacpp/cache}).
 *
 * <p>Any thread may call it.
 */
final class TensorflowLibrary {

  private static final String NATIVES =
      "org/tensorflow/internal/c_api/linux-x86_64/libjnitensorflow.so";
  private static final int MAX_WORDS = 2000;

  private TensorflowLibrary() {}

  /**
   * Loads the library if nobody has yet.
   *
   * @throws UnsupportedModelException if it is not on the class path, or not for this machine
   */
  static synchronized void start() {
    if (TensorflowLibrary.class.getClassLoader().getResource(NATIVES) == null) {
      throw new UnsupportedModelException(
          "the engine for TensorFlow is here without its native library: build engines/tensorflow"
              + " with -Pengines and put all of its jars on the class path");
    }
    // JavaCPP holds memory against the heap's limit and fails calls beyond a multiple of it; a
    // server has its own budget for models.
    setDefault("org.bytedeco.javacpp.maxbytes", "0");
    setDefault("org.bytedeco.javacpp.maxphysicalbytes", "0");
    try {
      TensorFlow.version();
    } catch (LinkageError e) {
      throw new UnsupportedModelException(
          "TensorFlow does not load on "
              + System.getProperty("os.name")
              + " "
              + System.getProperty("os.arch")
              + ": "
              + e.getMessage(),
          e);
    }
  }

  private static void setDefault(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  /**
   * Returns how sessions compute: on the thread that calls and on no other, since parallel calls
   * share the cores better than threads inside a call.
   */
  static ConfigProto sessionConfig() {
    return ConfigProto.newBuilder()
        .setIntraOpParallelismThreads(1)
        // Below 0: operations run on the caller's thread.
        .setInterOpParallelismThreads(-1)
        .build();
  }

  /** Returns the words of a failure, without the places in the graph. */
  static String words(RuntimeException failure) {
    String text = String.valueOf(failure.getMessage());
    int places = text.indexOf("\n\t [[");
    String words = (places < 0 ? text : text.substring(0, places)).strip();
    return words.length() <= MAX_WORDS ? words : words.substring(0, MAX_WORDS) + "...";
  }
}
