package dev.slipway.serving.model;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The resident memory of this process outside the Java heap, which is where engines keep their
 * models.
 *
 * <p>It is the sum of {@code Rss} over {@code /proc/self/smaps}, those mappings left out that lie
 * in the address range of the heap: pages that the collector touches for the first time while a
 * model is opened are no part of the model. Before a reading the C library's allocator is asked to
 * give back what it keeps for later, so that memory of an earlier load neither hides the next one
 * nor is counted for it. Both questions go to the virtual machine's diagnostic commands; one that
 * does not know them is read without, and a system without {@code /proc} not at all. A reading
 * takes some ten milliseconds. Thread-safe.
 */
final class ResidentMemory {
  private static final Logger log = LoggerFactory.getLogger(ResidentMemory.class);

  private static final Path MAPPINGS = Path.of("/proc/self/smaps");

  /** {@code 7f5c000000-7f5c021000 rw-p 00000000 00:00 0}, and {@code Rss: 132 kB}. */
  private static final Pattern MAPPING = Pattern.compile("^([0-9a-f]+)-([0-9a-f]+) .*");

  private static final Pattern RSS = Pattern.compile("^Rss:\\s+(\\d+) kB$");

  /** {@code [0x00000006c7c00000, 0x00000007c0000000)}, with another bound between for some. */
  private static final Pattern HEAP =
      Pattern.compile("\\[0x([0-9a-f]+), (?:0x[0-9a-f]+, )?0x([0-9a-f]+)\\)");

  private ResidentMemory() {}

  private record Range(long from, long to) {
    static final Range NONE = new Range(0, 0);

    boolean holds(long start, long end) {
      return start >= from && end <= to;
    }
  }

  /** Gives back what the C library's allocator keeps, where the virtual machine can. */
  static void trim() {
    String unused = diagnose("systemTrimNativeHeap");
  }

  /** Returns the bytes; empty where the system does not tell. */
  static OptionalLong read() {
    trim();
    Range heap = heap();
    long kibibytes = 0;
    boolean counted = true;
    try (BufferedReader lines = Files.newBufferedReader(MAPPINGS)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("Rss:")) {
          Matcher rss = RSS.matcher(line);
          kibibytes += counted && rss.matches() ? Long.parseLong(rss.group(1)) : 0;
        } else if (Character.digit(line.charAt(0), 16) >= 0) {
          Matcher mapping = MAPPING.matcher(line);
          counted =
              !mapping.matches()
                  || !heap.holds(
                      Long.parseUnsignedLong(mapping.group(1), 16),
                      Long.parseUnsignedLong(mapping.group(2), 16));
        }
      }
    } catch (IOException e) {
      log.debug("cannot read {}", MAPPINGS, e);
      return OptionalLong.empty();
    }
    return OptionalLong.of(kibibytes << 10);
  }

  private static Range heap() {
    Matcher bounds = HEAP.matcher(diagnose("gcHeapInfo"));
    Range heap = Range.NONE;
    while (bounds.find()) {
      long from = Long.parseUnsignedLong(bounds.group(1), 16);
      long to = Long.parseUnsignedLong(bounds.group(2), 16);
      heap =
          heap.equals(Range.NONE)
              ? new Range(from, to)
              : new Range(Math.min(heap.from(), from), Math.max(heap.to(), to));
    }
    return heap;
  }

  /** Returns what a diagnostic command of the virtual machine says; empty if there is none such. */
  private static String diagnose(String command) {
    try {
      Object answer =
          ManagementFactory.getPlatformMBeanServer()
              .invoke(
                  new ObjectName("com.sun.management:type=DiagnosticCommand"),
                  command,
                  new Object[] {},
                  new String[] {});
      return String.valueOf(answer);
    } catch (JMException | RuntimeException e) {
      log.debug("the virtual machine has no {}", command, e);
      return "";
    }
  }
}
