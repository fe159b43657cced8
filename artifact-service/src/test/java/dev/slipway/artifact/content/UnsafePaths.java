package dev.slipway.artifact.content;

import java.util.List;

/** Lists paths that every entrance must refuse. */
public final class UnsafePaths {
  /** One of each kind, plain and encoded. */
  public static final List<String> ALL =
      List.of(
          "/",
          "/etc/passwd",
          "//host/share",
          "..",
          "../x",
          "a/../b",
          "a/..",
          "%2e%2e/x",
          "%2E%2e%2fx",
          "%252e%252e/x",
          "a/%2e%2e",
          "%2Fetc/passwd",
          "%252Fetc",
          ".",
          "./a",
          "a/.",
          "a/./b",
          "%2e",
          "a//b",
          "a/",
          "a%2F",
          "a%2F%2Fb",
          "C:\\x",
          "C:/x",
          "c:",
          "C%3A/x",
          "\\\\host\\x",
          "a\\b",
          "a%5Cb",
          "file:x",
          "file:///etc/passwd",
          "FILE:/x",
          "file%3A/x",
          "m/file:x",
          "m/FILE:",
          "m/file%3Ax",
          "m%2Ffile:x",
          "m/C:",
          "m/C:/x",
          "m/c%253A/x",
          "a#b",
          "a%23b",
          "a\u0000b",
          "a%00b",
          "a\nb",
          "a%0Ab",
          "a\u001fb",
          "a\u007fb",
          "a%7F",
          "%25252525252525252525252541",
          "x".repeat(256),
          "a/".repeat(512) + "bc");

  private UnsafePaths() {}
}
