# install() and the package that find_package(squall) finds.
