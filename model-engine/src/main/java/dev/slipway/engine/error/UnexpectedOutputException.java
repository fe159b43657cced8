package dev.slipway.engine.error;

/** The engine answered something else than its model declares. */
public final class UnexpectedOutputException extends EngineException {

  private static final long serialVersionUID = 1L;

  private final String output;
  private final String expected;
  private final String found;

  /**
   * Creates the exception.
   *
   * @param output name of the first output that is not as declared
   * @param expected what the model declares of it
   * @param found what the engine gave
   */
  public UnexpectedOutputException(String output, String expected, String found) {
    super("output \"" + output + "\" should be " + expected + ", but the engine gave " + found);
    this.output = output;
    this.expected = expected;
    this.found = found;
  }

  /** Returns the name of the output. */
  public String output() {
    return output;
  }

  /** Returns what the model declares. */
  public String expected() {
    return expected;
  }

  /** Returns what the engine gave. */
  public String found() {
    return found;
  }
}
