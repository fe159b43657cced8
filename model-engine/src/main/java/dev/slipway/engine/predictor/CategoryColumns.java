package dev.slipway.engine.predictor;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Columns of categories for engines that know a category by its text: they carry text, whole
 * numbers or booleans, the last two written as Python writes them.
 */
public final class CategoryColumns {

  private CategoryColumns() {}

  /**
   * Refuses columns of categories that carry other numbers, of which the text is not certain.
   *
   * @param engine its name, for messages
   * @param categories the names of such columns
   * @throws ModelPackageException if the signature declares one of them so
   */
  public static void check(SignatureChecks checks, List<String> categories, String engine) {
    for (TensorMetadata column : checks.tensors()) {
      if (categories.contains(column.name()) && column.datatype().isFloat()) {
        throw new ModelPackageException(
            "signature.inputs declares the column \""
                + column.name()
                + "\" as "
                + column.datatype()
                + ", but "
                + engine
                + " takes text or whole numbers as categories");
      }
    }
  }

  /** Returns the text of every value of a column that passed {@link #check}. */
  public static String[] texts(Tensor column) {
    if (column.datatype() == DataType.BYTES) {
      return column.toStrings();
    }
    ByteBuffer data = column.data();
    String[] texts = new String[Math.toIntExact(column.elementCount())];
    for (int row = 0; row < texts.length; row++) {
      texts[row] =
          switch (column.datatype()) {
            case BOOL -> data.get() != 0 ? "True" : "False";
            case INT32 -> Integer.toString(data.getInt());
            case INT64 -> Long.toString(data.getLong());
            default -> throw new IllegalStateException("no column is " + column.datatype());
          };
    }
    return texts;
  }
}
