package io.fairlead.engine.internal.file;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A memory-mapped file that can be unmapped.
 *
 * <p>The JVM's own mapping stays until its buffer is garbage collected, which in an idle process is never. Access to
 * the buffer after the close crashes the JVM.
 */
public final class MappedFile implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MappedFile.class);
  private static final int FIRST_WITH_ARENAS = 22;

  private final ByteBuffer bytes;
  private final Unmapping unmapping;
  private final AtomicBoolean closed = new AtomicBoolean();

  private MappedFile(ByteBuffer bytes, Unmapping unmapping) {
    this.bytes = bytes;
    this.unmapping = unmapping;
  }

  /** The action that unmaps the file. */
  private interface Unmapping {
    void run() throws ReflectiveOperationException;
  }

  /** Maps the first bytes of a file, read-only. */
  public static MappedFile of(FileChannel channel, long size) throws IOException {
    if (Runtime.version().feature() >= FIRST_WITH_ARENAS) {
      try {
        return inArena(channel, size);
      } catch (InvocationTargetException e) {
        if (e.getCause() instanceof IOException failure) {
          throw failure;
        }
        LOG.debug("There are no arenas", e);
      } catch (ReflectiveOperationException e) {
        LOG.debug("There are no arenas", e);
      }
    }
    ByteBuffer bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, size);
    return new MappedFile(bytes, () -> clean(bytes));
  }

  private static MappedFile inArena(FileChannel channel, long size)
      throws ReflectiveOperationException {
    Class<?> type = Class.forName("java.lang.foreign.Arena");
    Object arena = type.getMethod("ofShared").invoke(null);
    Object segment = FileChannel.class
        .getMethod("map", FileChannel.MapMode.class, long.class, long.class, type)
        .invoke(channel, FileChannel.MapMode.READ_ONLY, 0L, size, arena);
    Object bytes = Class.forName("java.lang.foreign.MemorySegment")
        .getMethod("asByteBuffer")
        .invoke(segment);
    return new MappedFile((ByteBuffer) bytes, () -> type.getMethod("close").invoke(arena));
  }

  private static void clean(ByteBuffer bytes) throws ReflectiveOperationException {
    Class<?> type = Class.forName("sun.misc.Unsafe");
    Field unsafe = type.getDeclaredField("theUnsafe");
    unsafe.setAccessible(true);
    type.getMethod("invokeCleaner", ByteBuffer.class).invoke(unsafe.get(null), bytes);
  }

  /** {@return the mapped bytes, not to be accessed after the close} */
  public ByteBuffer bytes() {
    return bytes;
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      try {
        unmapping.run();
      } catch (ReflectiveOperationException | RuntimeException e) {
        LOG.debug("A file stays mapped until its buffer is collected", e);
      }
    }
  }
}
