package io.fairlead.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.operation.Progress;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * The output of the examples: in colour and with a progress line on a terminal, as plain lines otherwise, and only with
 * characters of the locale.
 */
final class Terminal {
  private static final String EIGHTHS = " ▏▎▍▌▋▊▉";
  private static final int BAR_LENGTH = 20;
  private static final Set<String> SETTLED = Set.of("ready", "deleted", "is as desired");

  private final PrintStream out;
  private final boolean watched;
  private final boolean coloured;
  private final boolean unicode;
  private final int width;
  private boolean lineIsLive;

  /**
   * Creates a terminal.
   *
   * @param out the stream
   * @param columns the width of the terminal; 0 for a file or a pipe
   * @param coloured whether to use colours
   * @param unicode whether it supports more than ASCII
   */
  Terminal(PrintStream out, int columns, boolean coloured, boolean unicode) {
    this.out = out;
    this.watched = columns > 0;
    this.coloured = coloured;
    this.unicode = unicode;
    this.width = watched ? columns : Integer.MAX_VALUE;
  }

  /** {@return standard output; {@code examples/run} passes whether it is a terminal, because Java cannot tell} */
  static Terminal standardOutput() {
    int columns = Integer.getInteger("fairlead.columns", 0);
    boolean colours = columns > 0
        && System.getenv().getOrDefault("NO_COLOR", "").isEmpty()
        && !"dumb".equals(System.getenv("TERM"));
    Terminal terminal = of(FileDescriptor.out, columns, colours);
    // Ctrl-C leaves the progress line where the shell's prompt comes.
    Runtime.getRuntime().addShutdownHook(new Thread(terminal::end));
    return terminal;
  }

  /** Removes the progress line. */
  synchronized void end() {
    clearLive();
    out.flush();
  }

  /** {@return standard error, as plain lines} */
  static Terminal standardError() {
    return of(FileDescriptor.err, 0, false);
  }

  private static Terminal of(FileDescriptor to, int columns, boolean colours) {
    Charset charset = Charset.forName(System.getProperty("native.encoding", "US-ASCII"));
    return new Terminal(
        new PrintStream(new FileOutputStream(to), true, charset),
        columns,
        colours,
        charset.equals(UTF_8));
  }

  /** Prints a permanent line. */
  synchronized void line(String text) {
    clearLive();
    out.println(text);
  }

  void line() {
    line("");
  }

  /** Prints a part of a line at once. */
  synchronized void piece(String text) {
    clearLive();
    out.print(text);
    out.flush();
  }

  /** Prints a text in as many lines as it takes. */
  void paragraph(String text) {
    wrapped(text, 0).forEach(this::line);
  }

  /** Prints a text in as many lines as it takes, after a bold title, which fits in one. */
  void titled(String title, String text) {
    List<String> lines = wrapped(title + text, 0);
    line(bold(title) + lines.get(0).substring(title.length()));
    lines.stream().skip(1).forEach(this::line);
  }

  /** Shows progress: a line that the next one replaces, or nothing if this is not a terminal. */
  synchronized void live(String text) {
    if (watched) {
      clearLive();
      out.print(dim(cut(text, width - 1)));
      out.flush();
      lineIsLive = true;
    }
  }

  private void clearLive() {
    if (lineIsLive) {
      out.print("\r\u001b[K");
      lineIsLive = false;
    }
  }

  /** {@return a listener that shows an operation's progress; on plain lines, only its changes, and each once} */
  Consumer<Progress> progress(String operation) {
    AtomicReference<String> last = new AtomicReference<>("");
    return event -> {
      if (watched) {
        live("  " + (event.step() > 0 ? operation + "  " : "") + event);
      } else if (event.step() > 0
          && changesSomething(event.message())
          && !last.getAndSet(event.toString()).equals(event.toString())) {
        line("      " + event);
      }
    };
  }

  /** {@return a listener that shows an operation's progress as a bar; on plain lines, as {@link #progress} does} */
  Consumer<Progress> progressBar(String operation) {
    Consumer<Progress> lines = progress(operation);
    return event -> {
      if (watched && event.step() > 0) {
        double share = (event.step() - 1.0) / event.steps();
        live("  " + operation + "  " + bar(share, BAR_LENGTH) + "  " + event);
      } else {
        lines.accept(event);
      }
    };
  }

  /** {@return the width of the terminal; the largest number for a file or a pipe} */
  int width() {
    return width;
  }

  private static boolean changesSomething(String message) {
    return !SETTLED.contains(message) && !message.startsWith("kept: ");
  }

  String bold(String text) {
    return coloured ? "\u001b[1m" + text + "\u001b[0m" : text;
  }

  String dim(String text) {
    return coloured ? "\u001b[2m" + text + "\u001b[0m" : text;
  }

  String green(String text) {
    return coloured ? "\u001b[32m" + text + "\u001b[0m" : text;
  }

  String red(String text) {
    return coloured ? "\u001b[31m" + text + "\u001b[0m" : text;
  }

  /** {@return the mark of success} */
  String tick() {
    return green(unicode ? "✓" : "ok");
  }

  /** {@return the mark of failure} */
  String cross() {
    return red(unicode ? "✗" : "no");
  }

  /** {@return the mark of an important line} */
  String arrow() {
    return unicode ? "▸" : ">";
  }

  /** {@return a bar for a share of a length, padded with spaces to the length} */
  String bar(double share, int length) {
    int eighths = (int) Math.round(Math.min(1, Math.max(0, share)) * length * 8);
    String bar = unicode
        ? "█".repeat(eighths / 8) + (eighths % 8 == 0 ? "" : EIGHTHS.charAt(eighths % 8))
        : "#".repeat((eighths + 4) / 8);
    return bar + " ".repeat(length - bar.length());
  }

  /** {@return a line of a length} */
  String rule(int length) {
    return (unicode ? "─" : "-").repeat(length);
  }

  /** {@return a text cut to the rest of the line} */
  String fitting(String text, int columnsBefore) {
    return cut(text, width - columnsBefore);
  }

  private String cut(String text, int length) {
    if (text.length() <= length) {
      return text;
    }
    String dots = unicode ? "…" : "...";
    return text.substring(0, Math.max(0, length - dots.length())) + dots;
  }

  /** {@return a text wrapped to the rest of the line} */
  List<String> wrapped(String text, int columnsBefore) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : text.split(" ", -1)) {
      if (line.length() > 0 && line.length() + 1 + word.length() > width - columnsBefore) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.length() == 0 ? "" : " ").append(word);
    }
    lines.add(line.toString());
    return lines;
  }

  static String shown(Duration time) {
    double millis = time.toNanos() / 1e6;
    if (millis < 1) {
      return "< 1 ms";
    }
    return millis < 1000
        ? Math.round(millis) + " ms"
        : String.format(Locale.ROOT, "%.2f s", millis / 1000);
  }
}
