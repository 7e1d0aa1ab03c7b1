package io.kmsak;

/** Where log lines go. Levels are numbers, 1 for errors to 5 for everything. */
interface LogTarget {
  String LOGGER = "io.kmsak";
  int ERROR = 1;
  int WARN = 2;
  int INFO = 3;
  int DEBUG = 4;
  int TRACE = 5;

  /** The most verbose level that is let through; 0 for none. */
  int level();

  void log(int level, String line, Throwable thrown);
}
