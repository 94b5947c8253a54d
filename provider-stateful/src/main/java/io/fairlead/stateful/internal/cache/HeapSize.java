package io.fairlead.stateful.internal.cache;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.fairlead.stateful.internal.cache.CachedAnswer.RetainedRequest;
import java.lang.management.ManagementFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The sizes of objects on the heap of a 64-bit HotSpot: headers of 12 or 16 bytes, alignment to 8. */
final class HeapSize {
  private static final Logger LOGGER = LoggerFactory.getLogger(HeapSize.class);

  /** The size of a reference. */
  static final int REFERENCE = hasCompressedReferences() ? 4 : 8;

  private static final int HEADER = 8 + REFERENCE;
  private static final int ALIGNMENT = 8;
  private static final int ARRAY_HEADER = 16;
  private static final long LARGEST_COMPRESSED_HEAP = 32L << 30;

  /** A {@link CacheKey}: two longs. */
  private static final long KEY = object(0, 2 * Long.BYTES);

  /** A {@link CachedAnswer} without its arrays: five references and two longs. */
  private static final long ANSWER = object(5, 2 * Long.BYTES);

  /** An entry of a {@link java.util.concurrent.ConcurrentHashMap}, and its part of the table, which is half full. */
  private static final long MAP_ENTRY = object(3, Integer.BYTES) + 2L * REFERENCE;

  private static final long REQUEST = object(3, 0);
  private static final long STRING = object(1, Integer.BYTES + 2 * Byte.BYTES);

  private HeapSize() {}

  private static boolean hasCompressedReferences() {
    try {
      HotSpotDiagnosticMXBean hotSpot =
          ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
      if (hotSpot != null) {
        return Boolean.parseBoolean(hotSpot.getVMOption("UseCompressedOops").getValue());
      }
    } catch (IllegalArgumentException | LinkageError e) {
      LOGGER.debug("What a reference takes is taken from the size of the heap", e);
    }
    return Runtime.getRuntime().maxMemory() < LARGEST_COMPRESSED_HEAP;
  }

  /** {@return the size of an object with this many references, and bytes of primitive fields} */
  static long object(int references, int primitives) {
    return aligned(HEADER + (long) references * REFERENCE + primitives);
  }

  /** {@return the size of an array of bytes} */
  static long bytes(int length) {
    return aligned((long) ARRAY_HEADER + length);
  }

  /**
   * {@return what an answer and its key take in a map, beside what the eviction policy keeps of it}
   *
   * <p>Content types, variants and digests are strings that entries share.
   */
  static long of(CachedAnswer answer) {
    long size = KEY + MAP_ENTRY + ANSWER + bytes(answer.body().length);
    RetainedRequest request = answer.request();
    if (request != null) {
      size += REQUEST + bytes(request.body().length);
      size += request.scope().isEmpty() ? 0 : STRING + bytes(request.scope().length());
    }
    return size;
  }

  private static long aligned(long size) {
    return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }
}
