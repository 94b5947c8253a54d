package io.fairlead.serverless.internal.pool;

import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * A linked list of tickets in their order of arrival, with removal in constant time. A ticket is in at most one list.
 */
final class TicketList<I> implements Iterable<Ticket<I>> {
  private @Nullable Ticket<I> first;
  private @Nullable Ticket<I> last;
  private int size;

  int size() {
    return size;
  }

  boolean isEmpty() {
    return size == 0;
  }

  void add(Ticket<I> ticket) {
    ticket.previous = last;
    if (last == null) {
      first = ticket;
    } else {
      last.next = ticket;
    }
    last = ticket;
    size++;
  }

  void remove(Ticket<I> ticket) {
    if (ticket.previous == null) {
      first = ticket.next;
    } else {
      ticket.previous.next = ticket.next;
    }
    if (ticket.next == null) {
      last = ticket.previous;
    } else {
      ticket.next.previous = ticket.previous;
    }
    ticket.previous = null;
    ticket.next = null;
    size--;
  }

  Ticket<I> removeFirst() {
    Ticket<I> ticket = first;
    if (ticket == null) {
      throw new NoSuchElementException();
    }
    remove(ticket);
    return ticket;
  }

  /** {@return an iterator that allows the removal of the ticket that it returned last} */
  @Override
  public Iterator<Ticket<I>> iterator() {
    return new Iterator<>() {
      private @Nullable Ticket<I> following = first;

      @Override
      public boolean hasNext() {
        return following != null;
      }

      @Override
      public Ticket<I> next() {
        Ticket<I> ticket = following;
        if (ticket == null) {
          throw new NoSuchElementException();
        }
        following = ticket.next;
        return ticket;
      }
    };
  }
}
