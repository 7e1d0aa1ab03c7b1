/* Tells a service of Windows' that its parameters have changed, as `sc.exe control NAME paramchange` does, which wine's has not. */
#include <windows.h>

#include <stdio.h>

int main(int argc, char **argv) {
  SC_HANDLE manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_CONNECT);
  SC_HANDLE service = argc == 2 && manager ? OpenServiceA(manager, argv[1], SERVICE_PAUSE_CONTINUE) : NULL;
  SERVICE_STATUS status;
  if (service && ControlService(service, SERVICE_CONTROL_PARAMCHANGE, &status)) return 0;
  return fprintf(stderr, "Windows error %lu\n", GetLastError()), 1;
}
