package dev.slipway.engine.signature;

/**
 * One difference between two signatures.
 *
 * @param path where: {@code inputs[age]}, {@code inputs[address].properties[zip]}
 * @param kind what is different there
 * @param older the older form; empty when added
 * @param newer the newer form; empty when removed
 * @param backwardCompatible whether this alone keeps requests for the older valid for the newer
 * @param forwardCompatible whether this alone keeps requests for the newer valid for the older
 */
public record SignatureDifference(
    String path,
    Kind kind,
    String older,
    String newer,
    boolean backwardCompatible,
    boolean forwardCompatible) {

  /** What is different. */
  public enum Kind {
    /** Only the newer has the field. */
    ADDED,
    /** Only the older has the field. */
    REMOVED,
    /** The newer type holds every value of the older. */
    TYPE_WIDENED,
    /** The older type holds every value of the newer. */
    TYPE_NARROWED,
    /** The type changed to an unrelated one, or a tensor to another datatype. */
    TYPE_CHANGED,
    /** A required field became optional. */
    BECAME_OPTIONAL,
    /** An optional field became required. */
    BECAME_REQUIRED,
    /** The shape of a tensor or of a parameter changed. */
    SHAPE_CHANGED,
    /** The default of a parameter changed. */
    DEFAULT_CHANGED,
    /** The position of a named column among the others changed. */
    MOVED
  }
}
