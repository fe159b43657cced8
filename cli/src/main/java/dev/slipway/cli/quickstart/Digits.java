package dev.slipway.cli.quickstart;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Holds the optical handwritten digits of the UCI repository: 1,797 images of 8×8 pixels from 0 to
 * 16.
 *
 * <p>The split is fixed: rows are shuffled with a constant seed, then the first {@value #TRAIN}
 * train, the next {@value #VALIDATION} validate, and the rest is held out.
 *
 * @param train rows that the model learns from
 * @param validation rows that it is measured on while it learns
 * @param heldOut rows that it never sees before it serves
 */
record Digits(Rows train, Rows validation, Rows heldOut) {
  /** Pixels of an image. */
  static final int PIXELS = 64;

  /** Different digits. */
  static final int CLASSES = 10;

  private static final int TRAIN = 1200;
  private static final int VALIDATION = 297;
  private static final long SEED = 1998;

  /** Holds some images. Nobody changes the arrays. */
  static final class Rows {
    private final float[] pixels;
    private final float[] labels;

    Rows(float[] pixels, float[] labels) {
      this.pixels = pixels;
      this.labels = labels;
    }

    /** Returns the pixels, row-major {@code [count, 64]}. */
    float[] pixels() {
      return pixels;
    }

    /** Returns the digits, {@code [count]}. */
    float[] labels() {
      return labels;
    }

    /** Returns how many images there are. */
    int count() {
      return labels.length;
    }

    /** Returns the images from the first one on. */
    Rows first(int count) {
      return new Rows(Arrays.copyOf(pixels, count * PIXELS), Arrays.copyOf(labels, count));
    }
  }

  /** Reads the data set from the class path. */
  static Digits load() {
    List<float[]> lines = new ArrayList<>();
    try (InputStream file = Digits.class.getResourceAsStream("digits.csv");
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8))) {
      reader.lines().filter(line -> !line.startsWith("#")).map(Digits::parse).forEach(lines::add);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Collections.shuffle(lines, new Random(SEED));
    return new Digits(
        rows(lines.subList(0, TRAIN)),
        rows(lines.subList(TRAIN, TRAIN + VALIDATION)),
        rows(lines.subList(TRAIN + VALIDATION, lines.size())));
  }

  private static float[] parse(String line) {
    String[] cells = line.split(",", -1);
    if (cells.length != PIXELS + 1) {
      throw new IllegalStateException("digits.csv has a line of " + cells.length + " cells");
    }
    float[] values = new float[cells.length];
    for (int i = 0; i < cells.length; i++) {
      values[i] = Float.parseFloat(cells[i]);
    }
    return values;
  }

  private static Rows rows(List<float[]> lines) {
    float[] pixels = new float[lines.size() * PIXELS];
    float[] labels = new float[lines.size()];
    for (int row = 0; row < lines.size(); row++) {
      System.arraycopy(lines.get(row), 0, pixels, row * PIXELS, PIXELS);
      labels[row] = lines.get(row)[PIXELS];
    }
    return new Rows(pixels, labels);
  }
}
